"""Write the lock: every package that ``make setup`` may install, with the SHA-256 of its files.

    make lock

``base.txt`` holds what the project needs, ``build.txt`` what builds it, and the file of an extra
what that needs besides. Versions stay as they are in the files, where they still fit; ``--upgrade``
takes the newest. The hashes are those of all files of a version, so that one lock serves every
machine. No package is built or run for it.
"""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent / "pyproject.toml"

TOOLS = {
    "build": ("hatchling", "editables", "setuptools"),
    "lock": ("uv",),
    "house": ("pydeps",),
}
"""What is installed beside the extras: build backends, and what two of make's targets run."""

ENVIRONMENTS = {
    r" and \(\(platform_machine .*'darwin'\).*\)\)": "",
    r" and \(\(platform_machine .*\)\)": " and sys_platform == 'linux'",
    r"(and )?python_full_version < '3.14'( and )?": "",
    r" ; (?= )": "",
}
"""How markers are shortened: they repeat the environments of ``pyproject.toml``."""

Lock = dict[str, str]
"""What is said of each package: version and hashes, by name."""


def resolve(source: Path, extras: Iterable[str], pins: Path) -> Lock:
    """Resolve a project's or a list's needs for every environment, within ``pins``."""
    done = subprocess.run(
        [
            *("uv", "pip", "compile", source, "--universal", "--python-version", "3.11"),
            *("--constraint", pins, "--no-header", "--no-annotate", "--generate-hashes", "--quiet"),
            *("--only-binary", ":all:", "--no-binary", "antlr4-python3-runtime"),  # has no wheel
            *(f"--extra={extra}" for extra in extras),
        ],
        cwd=PROJECT.parent,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return {name: shortened(entry) for name, entry in entries(done.stdout).items()}


def entries(text: str) -> Lock:
    """Tell the packages of a requirements file apart; comments are left out."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    starts = [number for number, line in enumerate(lines) if line[:1].strip()]
    ends = [*starts[1:], len(lines)]
    said = ("\n".join(lines[start:end]) for start, end in zip(starts, ends, strict=True))
    return {entry.partition("==")[0]: entry + "\n" for entry in said}


def shortened(entry: str) -> str:
    """Leave out of a package's marker what holds wherever the lock does."""
    for pattern, short in ENVIRONMENTS.items():
        entry = re.sub(pattern, short, entry)
    return entry


def write_pins(file: Path, lock: Lock) -> None:
    """Write versions without their hashes."""
    versions = (entry.partition(" \\")[0].strip() for entry in lock.values())
    file.write_text("\n".join(versions), encoding="utf-8")


def write(name: str, lock: Lock) -> None:
    """Write the file of one extra."""
    head = "# Written by make lock: see lock.py.\n"
    (HERE / f"{name}.txt").write_text(head + "".join(lock.values()), encoding="utf-8")
    print(f"requirements/{name}.txt: {len(lock)} packages")


def main() -> None:
    """Resolve everything at once, then tell what each extra needs."""
    extras = list(
        tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    )
    with TemporaryDirectory() as folder:
        pins, asked = Path(folder, "pins.txt"), Path(folder, "asked.in")
        kept = (
            {}
            if "--upgrade" in sys.argv
            else {
                name: entry
                for file in sorted(HERE.glob("*.txt"))
                for name, entry in entries(file.read_text(encoding="utf-8")).items()
            }
        )
        write_pins(pins, kept)
        everything = resolve(PROJECT, extras, pins)
        write_pins(pins, everything)
        for tool, packages in TOOLS.items():
            asked.write_text("\n".join(packages), encoding="utf-8")
            write(tool, resolve(asked, (), pins))
        base = resolve(PROJECT, (), pins)
        write("base", base)
        for extra in extras:
            needed = resolve(PROJECT, [extra], pins)
            write(extra, {name: said for name, said in needed.items() if name not in base})


if __name__ == "__main__":
    main()
