"""Turn what Hydra and OmegaConf raise about a command line into a sentence that helps."""

import re
import traceback
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NoReturn

import hydra
from hydra._internal.utils import get_args_parser
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from rcnn_sweep.cli.known_keys import config_keys, hydra_keys, nearest
from rcnn_sweep.config import Config, flat
from rcnn_sweep.data import SOURCES
from rcnn_sweep.errors import UserError
from rcnn_sweep.sweep import NO_JOBLIB

MISTAKES = (UserError, HydraException, OmegaConfBaseException, YAMLError)

EXPECTED = {
    "Integer": "a whole number",
    "Float": "a number",
    "Boolean": "true or false",
}


def raised_by_hydra(error: Exception) -> bool:
    """Say whether Hydra's own code raised ``error``: then the command line was the cause."""
    files = [Path(frame.filename) for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, UnicodeDecodeError):
        return any(file.name == "file_config_source.py" for file in files)
    return bool(files) and Path(hydra.__file__).parent in files[-1].parents


def check_flags(words: list[str]) -> None:
    """Raise :class:`UserError` for flags that Hydra does not have; it would print its usage."""
    parser = get_args_parser()

    def refuse(message: str) -> NoReturn:
        raise UserError(_refused_flag(message))

    parser.error = refuse  # type: ignore[method-assign]
    parser.parse_args(words)


def _refused_flag(message: str) -> str:
    unknown = message.removeprefix("unrecognized arguments: ")
    if unknown != message:
        near = nearest(unknown.split("=")[0].strip("- "), config_keys())
        hint = near and f"{near[:-1]}=VALUE?"
        return f"{unknown}: expected KEY=VALUE or a flag (--hydra-help lists them); " + (
            f"received an unknown flag.{hint}"
        )
    return f"{message[:1].upper()}{message[1:]}: expected as --hydra-help says; received another."


def explain(
    error: Exception, *, groups: Iterable[str], verbs: Sequence[str], typed: list[str]
) -> str:
    """Say in one or two lines what was expected, what was received and the next step.

    ``groups`` are the names of the config groups, ``verbs`` those of the verbs, ``typed`` the
    arguments as the user typed them. What it does not recognise is given in the first two lines
    of the library's own words.
    """
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, OverrideParseException):
        return _unreadable(error, [*groups, *config_keys()], verbs)
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        return _unknown_option(error)
    if isinstance(error, OSError) and error.errno is not None:
        return _unwritable(error)
    if isinstance(error, YAMLError | UnicodeDecodeError):
        return _unreadable_file(error)
    text = "\n".join(str(link) for link in _chain(error))
    sentences = (
        _no_option(text, typed),
        _no_folder(text),
        _unresolved(text, typed),
        _several_values(text),
        _second_option(text),
        _missing_value(text),
        _wrong_type(text, typed),
        _unknown_key(text, groups),
    )
    return next((sentence for sentence in sentences if sentence), _own_words(text))


def _unwritable(error: OSError) -> str:
    """Tell of a file that Hydra itself could not write (the error of a write names none)."""
    place = error.filename or Path.cwd()
    return f"{place}: expected room and leave to write Hydra's files; received: {error.strerror}."


def _unreadable_file(error: YAMLError | UnicodeDecodeError) -> str:
    """Tell of a config file; a tag that would construct an object is refused, not followed."""
    mark = getattr(error, "problem_mark", None)
    place = f"{mark.name}, line {mark.line + 1}" if mark is not None else "a config file"
    reason = getattr(error, "problem", None) or str(error).splitlines()[0]
    return f"{place}: expected plain YAML in UTF-8; received a file that is not: {reason}."


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _own_words(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return "\n".join(dict.fromkeys(lines[:2]))


def _unreadable(error: OverrideParseException, keys: Sequence[str], verbs: Sequence[str]) -> str:
    word = str(error.override)
    if "=" not in word:
        return _stray_word(word, keys, verbs)
    reason = str(error.message).splitlines()[0].partition(": ")
    cause = f" ({reason[0]})" if not reason[1] else ""
    return f"{word}: expected KEY=VALUE in Hydra's override grammar; received another form{cause}."


def _stray_word(word: str, keys: Sequence[str], verbs: Sequence[str]) -> str:
    if word in verbs:
        return f"{word}: expected the verb first (python -m rcnn_sweep {word} ...); " + (
            "received other words before it."
        )
    hint = "" if word in keys else nearest(word, verbs) or nearest(word, keys)
    return f"{word}: expected KEY=VALUE or a verb ({', '.join(verbs)}); received a bare word.{hint}"


def _unknown_option(error: MissingConfigException) -> str:
    group, _, option = str(error.missing_cfg_file).rpartition("/")
    if not group:
        return f"--config-name: expected a config of the config folder; received {option!r}."
    if (group, option) == ("hydra/launcher", "joblib"):
        return NO_JOBLIB
    options = [name for name in error.options or () if not name.endswith("schema")]
    listed = ", ".join(options) or "none"
    return f"{group}: expected one of {listed}; received {option!r}." + (nearest(option, options))


def _no_option(text: str, typed: list[str]) -> str | None:
    if "Config group override must be a string or a list" not in text:
        return None
    for word in typed:
        key, _, value = word.lstrip("+").partition("=")
        if "." not in key and re.fullmatch(r"-?[\d.]+|null|true|false|\{.*\}", value.strip()):
            return (
                f"{key or word}: expected GROUP=OPTION or KEY=VALUE; received {word}. "
                "--help lists groups and options."
            )
    return None


def _no_folder(text: str) -> str | None:
    found = re.search(r"Additional config directory '(.*)' not found", text)
    return found and f"--config-dir: expected an existing folder; received {found[1]}."


def _unresolved(text: str, typed: list[str]) -> str | None:
    found = re.search(r"raised while resolving interpolation: (.*)", text)
    if found is None:
        return None
    key = next((word.split("=")[0] for word in typed if "${" in word), "config")
    cause = found[1].strip("\"'")
    return (
        f"{key}: expected an interpolation that can be resolved; received one that fails: {cause}."
    )


def _several_values(text: str) -> str | None:
    found = re.search(r"Ambiguous value for argument '([^'=]+)=(.*)'", text)
    return found and (
        f"{found[1]}: expected one value in a single run; received {found[2]}. "
        "Add -m to sweep over several."
    )


def _second_option(text: str) -> str | None:
    found = re.search(r"Multiple values for (\S+)\. To override a value use '.*: (.*)'", text)
    return found and (
        f"{found[1]}: expected one option; received a second one. Without +: {found[1]}={found[2]}."
    )


def _missing_value(text: str) -> str | None:
    found = re.search(r"missing mandatory value: ([\w.]+)", text, re.IGNORECASE)
    if found is None:
        return None
    key = found[1]
    name = key if "." in key else next((k for k in config_keys() if k.endswith(f".{key}")), key)
    return f"{name}: expected a value, received none. Set it: {name}=VALUE."


def _wrong_type(text: str, typed: list[str]) -> str | None:
    found = re.search(r"Value '(.*)' of type '\w+' could not be converted to (\w+)", text)
    if found is None:
        return _refused(text)
    key = re.search(r"full_key: ([\w.]+)", text)
    name = key[1] if key else next((word.split("=")[0] for word in typed), "config")
    return f"{name}: expected {EXPECTED.get(found[2], found[2])}; received {found[1]!r}."


def _refused(text: str) -> str | None:
    found = re.search(r"Error merging override ([^=\s]+)(?:=(.*))?\n(.*)", text)
    if found is None:
        return None
    if "is not a valid bool" in found[3]:
        return f"{found[1]}: expected true or false; received {found[2]!r}."
    if "is not Optional" in found[3]:
        return f"{found[1]}: expected a value; received null."
    return f"{found[1]}: expected another value; received {found[2] or 'none'} ({found[3]})."


def _unknown_key(text: str, groups: Iterable[str]) -> str | None:
    found = re.search(r"Could not (?:override|delete) '([^']+)'", text) or re.search(
        r"Key '[^']+' not in '\w+'\s+full_key: (\S+)", text
    )
    if found is None:
        return None
    key = found[1]
    owners = [name for name, source in SOURCES.items() if key in flat(Config(data=source()))]
    if owners:
        return f"{key}: expected with {' or '.join(f'data={name}' for name in owners)}; " + (
            "received with another data source."
        )
    own = [*config_keys(), *(group for group in groups if group != "hydra")]
    known = hydra_keys() if key.startswith("hydra.") else own
    hint = nearest(key, known) or " --help lists the groups and keys."
    return f"{key}: expected a key or group of the config; received an unknown one.{hint}"
