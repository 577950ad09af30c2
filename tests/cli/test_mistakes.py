import subprocess
import sys

import pytest

MISTAKES = [
    ("conv.filtrs=3", "conv.filtrs", "Did you mean conv.filters?"),
    ("trainng.epochs=3", "trainng.epochs", "Did you mean training.epochs?"),
    ("filters=3", "filters", "Did you mean conv.filters?"),
    ("cnv=baseline", "cnv", "Did you mean conv?"),
    ("conv=baselin", "conv", "Did you mean baseline?"),
    ("data=imbd", "data", "Did you mean imdb?"),
    ("experiment=smok", "experiment", "Did you mean smoke?"),
    ("conv=null", "conv", "expected GROUP=OPTION"),
    ("conv.filters=many", "conv.filters", "expected a whole number"),
    ("conv.filters=3.5", "conv.filters", "expected a whole number"),
    ("conv.filters=null", "conv.filters", "received null"),
    ("conv.filters=1,2", "conv.filters", "Add -m"),
    ("conv.filters=[1", "conv.filters", "override grammar"),
    ("embedding.dropout=x", "embedding.dropout", "expected a number"),
    ("data.text_column=review", "data.text_column", "expected with data=table"),
    ("+conv.dilation=2", "conv.dilation", "expected a key of the config"),
    ("conv.kernel_size=401", "conv.kernel_size", "400 - 401 + 1 = 0 steps"),
    ("data=table", "data.path", "expected your CSV"),
    ("tracking.uri=http://me:secret@localhost:1", "tracking.uri", "MLFLOW_TRACKING_URI"),
    ("hydra.run.dri=x", "hydra.run.dri", "unknown"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("override", "name", "answer"), MISTAKES, ids=[m[0] for m in MISTAKES])
def test_a_mistake_is_answered_in_two_lines_before_any_run_exists(
    command, tmp_path, override: str, name: str, answer: str
) -> None:
    done = command(override)
    assert done.returncode == 2
    assert name in done.stderr
    assert answer in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 2
    assert "secret" not in done.stderr + done.stdout
    assert not (tmp_path / "outputs").exists()
    assert not list(tmp_path.rglob("overrides.yaml")) or "secret" not in override
    assert "Traceback" not in done.stderr + done.stdout
    assert not (tmp_path / "mlflow.db").exists()


@pytest.mark.slow
def test_mistakes_and_help_are_answered_without_heavy_imports(command) -> None:
    for words in (["conv.kernel_size=401"], ["--help"], ["--cfg", "job"]):
        done = command(*words, PYTHONPROFILEIMPORTTIME="1")
        imported = {
            line.rpartition("|")[2].strip()
            for line in done.stderr.splitlines()
            if line.startswith("import time:")
        }
        assert "hydra" in imported
        heavy = {"tensorflow", "keras", "mlflow", "pandas", "sklearn", "optuna", "matplotlib"}
        assert not imported & heavy


def test_the_interpreter_ends_without_looking_through_all_modules() -> None:
    code = (
        "import atexit, gc, sys; sys.argv[1:] = ['--help'];"
        "atexit.register(lambda: print('frozen:', gc.get_freeze_count() > 1000));"
        "from rcnn_sweep.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "frozen: True"


def test_tab_completion_knows_groups_and_keys(command) -> None:
    assert "complete" in command("-sc", "install=bash").stdout
    line = {"COMP_LINE": "rcnn_sweep conv.k", "COMP_POINT": "17"}
    assert "conv.kernel_size=" in command("-sc", "query=bash", **line).stdout
