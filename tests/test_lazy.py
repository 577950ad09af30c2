"""A package's face: its names are there, and imported when they are first used."""

import importlib
import pkgutil
import subprocess
import sys
from types import ModuleType

import pytest

import rcnn_sweep
from rcnn_sweep.lazy import homes


def packages() -> list[str]:
    found = pkgutil.walk_packages(rcnn_sweep.__path__, "rcnn_sweep.")
    return ["rcnn_sweep", *(module.name for module in found if module.ispkg)]


def face(name: str) -> ModuleType:
    return importlib.import_module(name)


@pytest.mark.parametrize("name", packages())
def test_a_face_holds_what_it_lists(name: str) -> None:
    listed = getattr(face(name), "__all__", [])
    assert len(set(listed)) == len(listed)
    for public in listed:
        assert getattr(face(name), public) is not None, public
    assert set(homes(name)) <= set(listed), "imported for others, but not listed"


@pytest.mark.parametrize("name", packages())
def test_a_name_of_a_face_is_no_module_of_its_package(name: str) -> None:
    modules = {module.name for module in pkgutil.iter_modules(face(name).__path__)}
    clash = modules & set(homes(name)) - {"signals"}
    assert not clash, "whichever is imported last would win"


def test_an_unknown_name_is_refused_as_python_does() -> None:
    with pytest.raises(AttributeError, match=r"module 'rcnn_sweep.sweep' has no attribute 'crew'"):
        _ = face("rcnn_sweep.sweep").crew
    with pytest.raises(ImportError):
        exec("from rcnn_sweep.tracking import crew")


@pytest.mark.slow
def test_what_is_heavy_waits_for_its_first_use() -> None:
    code = (
        "import sys, rcnn_sweep.sweep, rcnn_sweep.tracking, rcnn_sweep.training, rcnn_sweep.data\n"
        "heavy = {'optuna', 'mlflow', 'tensorflow', 'keras', 'sklearn', 'pandas'}\n"
        "assert not heavy & {*sys.modules}, heavy & {*sys.modules}\n"
        "rcnn_sweep.sweep.list_studies\n"
        "assert 'optuna' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
