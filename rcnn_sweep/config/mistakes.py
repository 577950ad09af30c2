"""What Hydra and OmegaConf raise about overrides and config files, as a sentence that helps.

:data:`SENTENCES` says for each of their messages what was expected, what was received and the
next step; a test raises every one of them with the Hydra that is installed.
"""

import re
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import hydra
from hydra.conf import HydraConf
from hydra.core.config_store import ConfigStore
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from rcnn_sweep.config.schema import Config, flat
from rcnn_sweep.config.store import config_folder
from rcnn_sweep.data import SOURCES
from rcnn_sweep.errors import UserError
from rcnn_sweep.overrides import NO_JOBLIB
from rcnn_sweep.process import command
from rcnn_sweep.rules import nearest

MISTAKES = (UserError, HydraException, OmegaConfBaseException, YAMLError)

EXPECTED = {"Integer": "a whole number", "Float": "a number", "Boolean": "true or false"}

LIKE = 0.5
"""How like a misspelt word a known one must be to be asked for (difflib's ratio)."""


@contextmanager
def explained(words: Sequence[str], verbs: Sequence[str] = ()) -> Iterator[None]:
    """Raise :class:`UserError` with an explanation where the block raises a mistake in ``words``.

    ``words`` are overrides as the user typed them, ``verbs`` what else may stand first among them.
    """
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        if not is_mistake(error):
            raise
        raise UserError(explain(error, words, verbs)) from error


def is_mistake(error: Exception) -> bool:
    """Say whether the user's words or files were the cause of ``error``."""
    return isinstance(error, MISTAKES) or _raised_by_hydra(error)


def _raised_by_hydra(error: Exception) -> bool:
    """Say whether Hydra's own code raised ``error``."""
    files = [Path(frame.filename) for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, UnicodeDecodeError):
        return any(file.name == "file_config_source.py" for file in files)
    return bool(files) and Path(hydra.__file__).parent in files[-1].parents


def explain(error: Exception, words: Sequence[str], verbs: Sequence[str] = ()) -> str:
    """Say in one or two lines what was expected, what was received and the next step.

    ``words`` and ``verbs`` as in :func:`explained`. What it does not recognise is told in the
    first two lines of the library's own words.
    """
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, OverrideParseException):
        return _unreadable(error, verbs)
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        return _unknown_option(error)
    if isinstance(error, OSError) and error.errno is not None:
        return _unwritable(error)
    if isinstance(error, YAMLError | UnicodeDecodeError):
        return _unreadable_file(error)
    text = "\n".join(str(link) for link in _chain(error))
    for sentence in SENTENCES:
        found = re.search(sentence.pattern, text, re.IGNORECASE)
        if found is not None and (said := sentence.say(found, words)):
            return said
    return _own_words(text)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _own_words(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return "\n".join(dict.fromkeys(lines[:2]))


@dataclass(frozen=True)
class Sentence:
    """What to say where a library's message holds ``pattern``: a template of its groups, or more.

    A function takes the match and the user's words; it gives "" where it does not apply.
    """

    pattern: str
    says: str | Callable[[re.Match[str], Sequence[str]], str]

    def say(self, found: re.Match[str], words: Sequence[str]) -> str:
        """Give the sentence."""
        return found.expand(self.says) if isinstance(self.says, str) else self.says(found, words)


def _no_option(found: re.Match[str], words: Sequence[str]) -> str:
    for word in words:
        key, _, value = word.lstrip("+").partition("=")
        if "." not in key and re.fullmatch(r"-?[\d.]+|null|true|false|\{.*\}", value.strip()):
            return (
                f"{key or word}: expected GROUP=OPTION or KEY=VALUE; received {word}. "
                "--help lists groups and options."
            )
    return (
        "config: expected a group's options by their names; received something else for a group "
        "(in hydra.sweeper.space?). --help lists groups and options."
    )


def _unresolved(found: re.Match[str], words: Sequence[str]) -> str:
    key = next((word.split("=")[0] for word in words if "${" in word), "config")
    cause = found[1].strip("\"'")
    return (
        f"{key}: expected an interpolation that can be resolved; received one that fails: {cause}."
    )


def _missing(found: re.Match[str], words: Sequence[str]) -> str:
    key = found[1]
    name = key if "." in key else next((k for k in config_keys() if k.endswith(f".{key}")), key)
    return f"{name}: expected a value, received none. Set it: {name}=VALUE."


def _wrong_type(found: re.Match[str], words: Sequence[str]) -> str:
    key = re.search(r"full_key: ([\w.]+)", found.string)
    name = key[1] if key else next((word.split("=")[0] for word in words), "config")
    return f"{name}: expected {EXPECTED.get(found[2], found[2])}; received {found[1]!r}."


def _refused(found: re.Match[str], words: Sequence[str]) -> str:
    return f"{found[1]}: expected another value; received {found[2] or 'none'} ({found[3]})."


def _unknown_key(found: re.Match[str], words: Sequence[str]) -> str:
    key = found[1]
    sources = {name: flat(Config(data=source.options())) for name, source in SOURCES.items()}
    owners = [name for name, keys in sources.items() if key in keys]
    if owners:
        return f"{key}: expected with {' or '.join(f'data={name}' for name in owners)}; " + (
            "received with another data source."
        )
    own = [*config_keys(), *(group for group in groups() if group != "hydra")]
    known = hydra_keys() if key.startswith("hydra.") else own
    if key in known:
        return (
            f"{key}: expected keys that are in it; received new ones. A plus adds them: +{key}=..."
        )
    hint = nearest(key, known, cutoff=LIKE) or " --help lists the groups and keys."
    return f"{key}: expected a key or group of the config; received an unknown one.{hint}"


SENTENCES = (
    Sentence(r"Config group override must be a string or a list", _no_option),
    Sentence(
        r"Additional config directory '(.*)' not found",
        r"--config-dir: expected an existing folder; received \1.",
    ),
    Sentence(r"raised while resolving interpolation: (.*)", _unresolved),
    Sentence(
        r"Ambiguous value for argument '([^'=]+)=(.*)'",
        r"\1: expected one value in a single run; received \2. Add -m to sweep over several.",
    ),
    Sentence(
        r"Multiple values for (\S+)\. To override a value use '.*: (.*)'",
        r"\1: expected one option; received a second one. Without +: \1=\2.",
    ),
    Sentence(r"missing mandatory value: ([\w.]+)", _missing),
    Sentence(r"Value '(.*)' of type '\w+' could not be converted to (\w+)", _wrong_type),
    Sentence(
        r"Error merging override ([^=\s]+)=(.*)\n.*is not a valid bool",
        r"\1: expected true or false; received '\2'.",
    ),
    Sentence(
        r"Error merging override ([^=\s]+)(?:=.*)?\n.*is not Optional",
        r"\1: expected a value; received null.",
    ),
    Sentence(r"Error merging override ([^=\s]+)(?:=(.*))?\n(.*)", _refused),
    Sentence(r"Could not (?:override|delete) '([^']+)'", _unknown_key),
    Sentence(r"Key '[^']+' not in '\w+'\s+full_key: (\S+)", _unknown_key),
)


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


def _unreadable(error: OverrideParseException, verbs: Sequence[str]) -> str:
    word = str(error.override)
    if "=" not in word:
        return _stray_word(word, [*groups(), *config_keys()], verbs)
    reason = str(error.message).splitlines()[0].partition(": ")
    cause = f" ({reason[0]})" if not reason[1] else ""
    return f"{word}: expected KEY=VALUE in Hydra's override grammar; received another form{cause}."


def _stray_word(word: str, keys: Sequence[str], verbs: Sequence[str]) -> str:
    if word in verbs:
        return f"{word}: expected the verb first ({command(word)} ...); " + (
            "received other words before it."
        )
    hint = "" if word in keys else nearest(word, verbs, cutoff=LIKE)
    hint = hint or ("" if word in keys else nearest(word, keys, cutoff=LIKE))
    known = f" or a verb ({', '.join(verbs)})" if verbs else ""
    return f"{word}: expected KEY=VALUE{known}; received a bare word.{hint}"


def _unknown_option(error: MissingConfigException) -> str:
    group, _, option = str(error.missing_cfg_file).rpartition("/")
    if not group:
        return f"--config-name: expected a config of the config folder; received {option!r}."
    if (group, option) == ("hydra/launcher", "joblib"):
        return NO_JOBLIB
    options = [name for name in error.options or () if not name.endswith("schema")]
    listed = ", ".join(options) or "none"
    hint = nearest(option, options, cutoff=LIKE)
    return f"{group}: expected one of {listed}; received {option!r}.{hint}"


def groups() -> list[str]:
    """Name the config groups."""
    return [folder.name for folder in config_folder().iterdir() if folder.is_dir()]


def config_keys() -> list[str]:
    """Name the keys of the application's config, with those of every data source."""
    sources = (flat(Config(data=source.options())) for source in SOURCES.values())
    return list(dict.fromkeys(key for keys in sources for key in keys))


def hydra_keys() -> list[str]:
    """Name the keys below ``hydra``, those of the sweeper included."""
    sweeper = ConfigStore.instance().load("hydra/sweeper/optuna_async.yaml").node
    return [*_flat("hydra", OmegaConf.structured(HydraConf)), *_flat("hydra.sweeper", sweeper)]


def _flat(prefix: str, node: DictConfig) -> Iterator[str]:
    for key in map(str, node):
        inner = None if OmegaConf.is_missing(node, key) else node[key]
        yield f"{prefix}.{key}"
        if isinstance(inner, DictConfig):
            yield from _flat(f"{prefix}.{key}", inner)
