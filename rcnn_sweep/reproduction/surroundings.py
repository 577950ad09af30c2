"""What code, packages and machine were then and are now."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rcnn_sweep.names import Tag
from rcnn_sweep.sweep import THREADS
from rcnn_sweep.tracking import environment, source_tags

# With all of these alike TensorFlow promises the same numbers, bit for bit.
DECIDING = ("machine", "processor", "device", "threads", "cpus")
DECIDING_PACKAGES = ("tensorflow", "keras", "numpy", "scikit-learn")
INTEROP = "TF_NUM_INTEROP_THREADS"


@dataclass(frozen=True)
class Difference:
    """One fact that has changed. ``decides``: other numbers are to be expected of it."""

    name: str
    then: Any
    now: Any
    decides: bool

    def __str__(self) -> str:
        return f"{self.name}: {_shown(self.then)} then, {_shown(self.now)} now"


def _shown(value: Any) -> str:
    return "not recorded" if value is None else str(value)


def adopt(recorded: Mapping[str, Any]) -> None:
    """Give this process the recorded number of threads, and no GPU where none was used.

    TensorFlow reads both when it starts, so this comes first.
    """
    threads = recorded.get("threads", "all")
    for name in (*THREADS, INTEROP):
        os.environ.pop(name, None)
    if str(threads).isdecimal():
        os.environ.update(dict.fromkeys(THREADS, str(threads)) | {INTEROP: "1"})
    if recorded.get("device") == "CPU":
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"


def differences(
    then: Mapping[str, Any], tags: Mapping[str, str], device: str
) -> Iterator[Difference]:
    """Compare the recorded environment ``then`` and the run's ``tags`` with here and now."""
    now = {**environment(), "device": device}
    for name in ("python", "system", *DECIDING):
        matters = name != "cpus" or then.get("threads") == "all"
        if then.get(name) != now[name] and matters:
            yield Difference(name, then.get(name), now[name], name in DECIDING)
    packages = then.get("packages", {})
    for name, version in now["packages"].items():
        if packages.get(name) != version:
            yield Difference(name, packages.get(name), version, name in DECIDING_PACKAGES)
    yield from code_differences(tags, source_tags())


def code_differences(then: Mapping[str, str], now: Mapping[str, str]) -> Iterator[Difference]:
    """Compare version and revision of the code; uncommitted changes count on either side."""
    for key in (Tag.VERSION, Tag.GIT_COMMIT):
        if then.get(key) != now.get(key):
            yield Difference(key.removeprefix("mlflow.source."), then.get(key), now.get(key), False)
    dirty = {"false": "clean", "true": "uncommitted changes"}
    before, after = (dirty.get(tags.get(Tag.GIT_DIRTY, "")) for tags in (then, now))
    if dirty["true"] in (before, after):
        yield Difference("working tree", before, after, False)
