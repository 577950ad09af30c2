"""What counts of a config: values, but the text of what differs from job to job."""

from enum import Enum
from pathlib import Path

import pytest
from hydra.core.utils import setup_globals
from omegaconf import OmegaConf

from rcnn_sweep.sweep.plain import plain


class Act(Enum):
    RELU = 1


def test_interpolations_are_resolved_but_for_those_of_a_job_a_moment_or_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    setup_globals()
    monkeypatch.setenv("SET", "here")
    monkeypatch.delenv("UNSET", raising=False)
    config = OmegaConf.create(
        {
            "x": 4,
            "again": "${x}",
            "deep": {"l": ["${x}", "${hydra:job.num}"], "none": None, "all": "${other}"},
            "other": {"y": "${x}"},
            "broken": {"y": "${oc.env:UNSET}"},
            "copied": "${broken}",
            "folder": "${hydra:runtime.output_dir}/a",
            "indirect": "${folder}",
            "when": "it is ${now:%H}",
            "set": "${oc.env:SET}",
            "missing": "???",
            "escaped": r"\${x}",
        }
    )
    assert plain(config) == {
        "x": 4,
        "again": 4,
        "deep": {"l": [4, "${hydra:job.num}"], "none": None, "all": {"y": 4}},
        "other": {"y": 4},
        "broken": {"y": "${oc.env:UNSET}"},
        "copied": "${broken}",
        "folder": "${hydra:runtime.output_dir}/a",
        "indirect": "${folder}",
        "when": "it is ${now:%H}",
        "set": "here",
        "missing": "???",
        "escaped": "${x}",
    }


def test_keys_of_an_enum_become_names_and_values_stay() -> None:
    config = OmegaConf.create({Act.RELU: Act.RELU, 3: Path("a")})
    assert plain(config) == {"RELU": Act.RELU, 3: Path("a")}
