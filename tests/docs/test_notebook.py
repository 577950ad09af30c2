"""The notebook's cells, run one after the other on a small table."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from forked import ForkedScript
from small import SMALL_NETWORK, environment, table_rows, write_table

NOTEBOOK = Path(__file__).parents[2] / "docs" / "quickstart.ipynb"
DATA = 'DATA = ["data=snippets"]'


def cells() -> list[str]:
    found = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in found if cell["cell_type"] == "code"]


def test_it_holds_no_output_of_some_machine() -> None:
    found = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    assert not any(cell.get("outputs") for cell in found)
    assert sum(DATA in cell for cell in cells()) == 1


@pytest.mark.slow
def test_its_cells_do_what_they_say(tmp_path: Path) -> None:
    table = write_table(tmp_path / "reviews.csv", table_rows(200))
    small = ["data=table", f"data.path={table}", *SMALL_NETWORK]
    small = [word for word in small if not word.startswith("training.epochs")]
    code = "\n".join(cells()).replace(DATA, f"DATA = {small!r}").replace("n_trials=6", "n_trials=2")
    code += "\nprint(len(study.trials()), later.best_value == study.best_value)\n"
    guarded = "if __name__ == '__main__':\n" + "".join(f"    {x}\n" for x in code.splitlines())
    (tmp_path / "notebook.py").write_text(guarded, encoding="utf-8")
    process = ForkedScript(
        [sys.executable, "notebook.py"],
        cwd=tmp_path,
        env=environment(tmp_path / "cache"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, out + err
    assert out.splitlines()[-1] == "2 True"
    assert "<h1>notebook</h1>" in (tmp_path / "report.html").read_text(encoding="utf-8")
