"""Does the network earn its keep? Its numbers beside those of plain references, in words."""

from collections.abc import Mapping
from dataclasses import dataclass

from rcnn_sweep.evidence import Evidence
from rcnn_sweep.format import capital, counted, duration, metric, signed
from rcnn_sweep.report.facts import StudyFacts
from rcnn_sweep.report.reference import Absent, Known, References
from rcnn_sweep.report.tables import Row, number, row, text
from rcnn_sweep.training import REFERENCES


@dataclass(frozen=True)
class Measured:
    """The verdict in sentences, and the numbers that it rests on."""

    sentences: tuple[str, ...]
    head: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    caption: str = ""


def reference_of(facts: StudyFacts) -> Measured:
    """Give the section; every study has one, and where there is no reference it says why."""
    validation, refit, test = facts.validation, facts.refit, facts.test
    if isinstance(validation, Absent):
        return Measured((f"There is no plain reference to measure by. {validation.reason}",))
    best = facts.runs.get(facts.strongest.number) if facts.strongest else None
    rows = [*_network_rows(facts), *_reference_rows(validation, "validation")]
    sentences = [
        _verdict(best.metrics if best else {}, validation.bar),
        _bar(validation, facts.judged_by),
        _what(facts, validation, test),
    ]
    if refit is not None and isinstance(test, References):
        sentences.insert(2, _test_verdict(refit.evidence, test.bar))
        rows += [*_refit_rows(refit.evidence), *_reference_rows(test, "test")]
    if isinstance(test, Absent):
        sentences.append(f"There is no reference on test. {test.reason}")
    return Measured(
        tuple(filter(None, sentences)),
        ("", "judged on", "accuracy", "F1, macro", "seconds to train"),
        tuple(rows),
        "The network and the plain references on the same rows",
    )


def _verdict(metrics: Mapping[str, float], reference: Known) -> str:
    reached = f"{_title(reference)} reaches {metric(reference.accuracy)}"
    took = f"in {duration(reference.seconds)}"
    own = metrics.get("val_accuracy")
    if own is None:
        return f"{reached} on the validation split {took}; no trial is complete to compare it with."
    difference = own - reference.accuracy
    texts = reference.confusion.total if reference.confusion else 0
    margin = _margin(own, reference.accuracy, texts)
    tail = f"{reached} {took}, the best network {metric(own)} ({signed(difference)})."
    if abs(difference) <= margin:
        return f"Not visibly. {tail} A gap of less than {metric(margin)} is within chance on " + (
            f"{counted(texts, 'validation text')}, and the network was chosen on them."
        )
    if difference < 0:
        return f"No. {tail} The simpler model is the better one here."
    return f"Yes, on the validation split. {tail}"


def _title(reference: Known) -> str:
    return capital(reference.title)


def _bar(found: References, judged_by: str) -> str:
    """Say which reference the network is measured by, and why."""
    if len(found.models) < 2:
        return ""
    values = {known.title: getattr(known, judged_by) for known in found.models}
    reached = ", ".join(f"{title} {metric(value)}" for title, value in values.items())
    return (
        f"The bar is the stronger reference on the validation split, judged by {judged_by}: "
        f"{found.bar.title} ({reached}). It is the bar on test too."
    )


def in_short(facts: StudyFacts) -> str:
    """Give the verdict on the validation split in a sentence, empty where there is none."""
    found = facts.validation
    run = facts.runs.get(facts.strongest.number) if facts.strongest else None
    own = None if run is None else run.metrics.get("val_accuracy")
    if own is None or isinstance(found, Absent):
        return ""
    reference = found.bar
    texts = reference.confusion.total if reference.confusion else 0
    told = (
        f"A plain reference without a network, {reference.title}, reaches a "
        f"val_accuracy of {metric(reference.accuracy)} on the same texts: "
    )
    if abs(own - reference.accuracy) <= _margin(own, reference.accuracy, texts):
        return told + "the network is not visibly better than that."
    return told + (
        "less than the network." if own > reference.accuracy else "more than the network."
    )


def _margin(one: float, other: float, texts: int) -> float:
    """Give the 95 % margin of a difference of two proportions (Wald, taken as independent)."""
    if not texts:
        return 0.0
    from scipy.stats import norm  # a second of imports

    variance = (one * (1 - one) + other * (1 - other)) / texts
    return float(norm.ppf(0.975) * variance**0.5)


def _test_verdict(evidence: Evidence, reference: Known) -> str:
    arms = [arm for arm in evidence.arms if arm.runs]
    if not arms:
        return f"On test the reference reaches {metric(reference.accuracy)}."
    best = max(arms, key=lambda arm: arm.scores["accuracy"].mean)
    own = best.scores["accuracy"].mean
    told = (
        f"On the test split, where each was trained on all of train, the network ({best.arm.name}) "
        f"reaches {metric(own)}, the mean over seeds, and {reference.title} "
        f"{metric(reference.accuracy)} ({signed(own - reference.accuracy)} for the network)."
    )
    compared = [
        one
        for one in evidence.measured
        if one.arm == best.arm and one.against == reference.title and one.judged is not None
    ]
    return f"{told} {capital(compared[0].sentence)}" if compared else told


def _what(facts: StudyFacts, found: References, test: References | Absent | None) -> str:
    data, reference = facts.data, found.bar
    keys = ("maxlen", "num_words")
    length, vocabulary = (facts.across(f"data.{key}", data.get(key)) for key in keys)
    differs = any(len(facts.values(f"data.{key}")) > 1 for key in keys)
    more = f" (for test {_seen(test.bar)})" if isinstance(test, References) else ""
    models = "; ".join(f"{_title(known)}: {REFERENCES[known.name].about}" for known in found.models)
    shape = "as the word numbers of its archive" if data.get("name") == "imdb" else "as words"
    return (
        f"Each reference saw {_seen(reference)} training texts{more}, in full {shape}: "
        f"every word and its neighbours. The network sees the last {length} words of a "
        f"text and tells the {vocabulary} most frequent apart"
        f"{', depending on the trial' * differs}. "
        f"{models}. Nothing of them was tuned."
    )


def _seen(reference: Known) -> str:
    """Count the texts it was trained on, and say where they are a part of the network's."""
    if reference.rows == reference.available:
        return f"the same {reference.rows:,}"
    return (
        f"a stratified sample of {reference.rows:,} (their words fit into memory) of the "
        f"network's {reference.available:,}"
    )


def _network_rows(facts: StudyFacts) -> list[Row]:
    rows = []
    for role, trial in (("baseline", facts.study.baseline), ("best", facts.strongest)):
        run = None if trial is None else facts.runs.get(trial.number)
        if run is None or trial is None or (role == "best" and trial == facts.study.baseline):
            continue
        rows.append(_row(f"{role} network, trial {trial.number}", "validation", run.metrics, role))
    return rows


def _row(name: str, split: str, metrics: Mapping[str, float | None], kind: str) -> Row:
    prefix = "val" if split == "validation" else "test"
    accuracy, f1 = (metrics.get(f"{prefix}_{key}") for key in ("accuracy", "f1_macro"))
    seconds = metrics.get("fit_seconds")
    cells = [text(name), text(split), number(accuracy, metric(accuracy)), number(f1, metric(f1))]
    return row([*cells, number(seconds, "" if seconds is None else f"{seconds:.1f}")], kind)


def _reference_rows(found: References, split: str) -> list[Row]:
    return [
        row(
            [
                text(f"{_title(known)}{', the bar' if known is found.bar else ''}"),
                text(split),
                number(known.accuracy, metric(known.accuracy)),
                number(known.f1_macro, metric(known.f1_macro)),
                number(known.seconds, f"{known.seconds:.1f}"),
            ]
        )
        for known in found.models
    ]


def _refit_rows(evidence: Evidence) -> list[Row]:
    rows = []
    for arm in evidence.arms:
        means = {f"test_{name}": own.mean for name, own in arm.scores.items()} if arm.runs else {}
        name = f"{arm.arm.name} network, mean of {len(arm.runs)} seeds"
        rows.append(_row(name, "test", means, "baseline" if arm is evidence.baseline else ""))
    return rows
