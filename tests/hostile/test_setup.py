"""``make setup`` runs nothing of a package index but the files whose SHA-256 the lock holds."""

import functools
import http.server
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from small import HANGS

PROJECT = Path(__file__).parents[2]
SOURCE = "antlr4-python3-runtime"


def locked(file: str) -> dict[str, str]:
    """The packages of one file of the lock: version and hashes, by name."""
    text = (PROJECT / "requirements" / f"{file}.txt").read_text()
    return {entry.partition("==")[0]: entry for entry in re.split(r"\n(?=[a-z])", text)[1:]}


@pytest.fixture(scope="session")
def real_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What builds the project, and a package that has no wheel, from the index pip is set to."""
    folder = tmp_path_factory.mktemp("real files")
    lock = folder / "lock.txt"
    lock.write_text("\n".join((*locked("build").values(), locked("base")[SOURCE])))
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--require-hashes", "--no-deps"),
            *("--only-binary", ":all:", "--no-binary", SOURCE, "--no-build-isolation"),
            *("--dest", folder, "--requirement", lock),
        ],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        pytest.skip(f"no package index: {done.stderr.strip().splitlines()[-1]}")
    lock.unlink()
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project that needs one package alone, of which there is no wheel."""
    folder = tmp_path / "the project"
    folder.mkdir()
    for name in ("Makefile", "README.md", "LICENSE", "requirements", "conf"):
        (shutil.copytree if (PROJECT / name).is_dir() else shutil.copy)(
            PROJECT / name, folder / name
        )
    for package in ("rcnn_sweep", "hydra_plugins"):
        shutil.copytree(PROJECT / package, folder / package)
    described = (PROJECT / "pyproject.toml").read_text()
    needs = f'dependencies = ["{SOURCE}"]\n\n[project.optional'
    described = re.sub(
        r"dependencies = \[.*?\n\]\n\n\[project.optional", needs, described, flags=re.S
    )
    (folder / "pyproject.toml").write_text(described)
    (folder / "requirements/base.txt").write_text(locked("base")[SOURCE] + "\n")
    return folder


class Index:
    """A package index in a folder: a page a project, files beside them."""

    def __init__(self, folder: Path, witness: Path) -> None:
        self.folder = folder
        self.evil = f"open({str(witness)!r}, 'a').write(__name__)\n"

    def offer(self, file: str, content: bytes) -> None:
        project = re.split(r"-\d", file)[0].replace("_", "-").lower()
        page = self.folder / "simple" / project / "index.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        with page.open("a") as lines:
            lines.write(f'<a href="../../{file}">{file}</a>\n')
        (self.folder / file).write_bytes(content)

    def evil_wheel(self, package: str, version: str) -> bytes:
        modules = ("__init__.py", "build.py", "build_meta.py")
        about = f"{package}-{version}.dist-info"
        files = {f"{package}/{name}": self.evil for name in modules} | {
            f"{package}.pth": f"import {package}\n",  # runs when Python starts
            f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n",
            f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{about}/RECORD": "",
        }
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as wheel:
            for name, content in files.items():
                wheel.writestr(name, content)
        return made.getvalue()

    def evil_source(self, package: str, version: str) -> bytes:
        made = io.BytesIO()
        with tarfile.open(fileobj=made, mode="w:gz") as tar:
            member = tarfile.TarInfo(f"{package}-{version}/setup.py")
            member.size = len(self.evil)
            tar.addfile(member, io.BytesIO(self.evil.encode()))
        return made.getvalue()


@pytest.fixture
def index(tmp_path: Path, real_files: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """pip's only index: the real files, and newer ones that leave a witness when they are run."""
    folder = tmp_path / "index"
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_port}/simple")
    monkeypatch.setenv("PIP_CACHE_DIR", str(tmp_path / "pip's cache"))
    offers = Index(folder, tmp_path / "witness")
    folder.mkdir()
    for file in real_files.iterdir():
        offers.offer(file.name, file.read_bytes())
    for package in ("hatchling", "setuptools", "wheel", "editables"):
        offers.offer(f"{package}-999.0-py3-none-any.whl", offers.evil_wheel(package, "999.0"))
        offers.offer(f"{package}-999.1.tar.gz", offers.evil_source(package, "999.1"))
    yield offers
    server.shutdown()
    thread.join()
    server.server_close()


def set_up(project: Path) -> "subprocess.CompletedProcess[str]":
    words = ["make", "setup", "EXTRAS=", f"PYTHON={sys.executable}"]
    return subprocess.run(words, cwd=project, capture_output=True, text=True, timeout=HANGS)


@pytest.mark.slow
def test_newer_build_backends_of_an_index_are_not_taken(
    index: Index, project: Path, tmp_path: Path
) -> None:
    done = set_up(project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (tmp_path / "witness").exists()
    code = "import hatchling, rcnn_sweep; from importlib.metadata import version as v; "
    code += f"print(v('hatchling'), v('setuptools'), v('{SOURCE}'), rcnn_sweep.__file__)"
    words = [project / ".venv/bin/python", "-P", "-c", code]
    said = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    build = locked("build")
    entries = (build["hatchling"], build["setuptools"], locked("base")[SOURCE])
    versions = [re.split(r"[= ]+", entry)[1] for entry in entries]
    assert said.split(maxsplit=3)[:3] == versions
    assert str(project) in said


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["backend", "source"])
def test_another_file_by_the_same_name_ends_the_set_up(
    index: Index, project: Path, tmp_path: Path, kind: str
) -> None:
    if kind == "backend":
        (file,) = index.folder.glob("hatchling-1*.whl")
        file.write_bytes(index.evil_wheel("hatchling", file.name.split("-")[1]))
    else:
        (file,) = index.folder.glob("antlr4*.tar.gz")
        file.write_bytes(index.evil_source(SOURCE, "4.9.3"))
    done = set_up(project)
    assert done.returncode == 2
    assert "DO NOT MATCH THE HASHES" in done.stderr
    assert file.name in done.stderr
    assert not (tmp_path / "witness").exists()
    assert not (project / ".venv/.ready").exists()


def test_every_package_of_the_lock_has_hashes_and_names_no_host() -> None:
    files = sorted((PROJECT / "requirements").glob("*.txt"))
    for file in files:
        entries = locked(file.stem)
        assert entries, file
        for entry in entries.values():
            first, *rest = entry.strip().split("\\\n    ")
            assert re.fullmatch(r"[a-z0-9-]+==[\w.+]+( ; [^@]+)? ", first), entry
            assert rest, entry
            assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64} ?", line) for line in rest), entry
