"""What the program asks of a data source; whoever asks knows nothing else of it.

A source whose file the user gives needs its options and how the file is read::

    @dataclass
    class LinesConfig(DataConfig):
        name: str = "lines"

    class Lines(TextSource[LinesConfig]):
        options = LinesConfig

        def labelled(self, path, config):
            ...  # the texts and labels in the file at ``path``

A row in :data:`rcnn_sweep.data.SOURCES` and a file ``conf/data/lines.yaml`` make it known.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from rcnn_sweep.data.checksum import digest
from rcnn_sweep.data.files import Say, given_file
from rcnn_sweep.data.options import DataConfig
from rcnn_sweep.errors import DataError

if TYPE_CHECKING:
    from rcnn_sweep.data.corpus import Encoded, Labelled, Texts

Options = TypeVar("Options", bound=DataConfig)


@dataclass(frozen=True)
class Found:
    """A source on this machine.

    ``config`` is settled: it leads to the same files without a network. ``path`` is the file,
    ``sha256`` its checksum, and ``source`` the path or address (without credentials) it came
    from. ``notes`` belong into the record. ``fallback_reason`` says why it is not the source
    that was asked for.
    """

    config: DataConfig
    path: Path
    sha256: str
    source: str
    notes: tuple[str, ...] = ()
    fallback_reason: str | None = None


@dataclass(frozen=True)
class StandIn:
    """The ``config`` of another source that is trained on instead, and the ``reason``."""

    config: DataConfig
    reason: str


class Source(ABC, Generic[Options]):
    """A kind of data: its options, their rules, where its file is, and what is read from it.

    It keeps nothing: every question comes with the options that it is about. As it stands here,
    the file is the user's own, at ``data.path`` and nowhere else; a source with a published file
    answers ``problems``, ``find``, ``expected_sha256``, ``copies``, ``is_here`` and ``elsewhere``
    otherwise.
    """

    options: type[Options]
    """The dataclass of its options; the default of ``name`` is the source's name."""

    places: frozenset[str] = frozenset({"path"})
    """Options that say where something lies or comes from, not what is encoded. They are not
    compared between the commands of a study and are no part of a cache key."""

    file: str = "the file with your texts"
    """What ``data.path`` is expected to name."""

    @property
    def name(self) -> str:
        """What ``data=NAME`` and ``data.name`` call it."""
        return self.options.name

    @property
    def title(self) -> str:
        """What a sentence calls it."""
        return f"data={self.name}"

    def problems(self, config: Options) -> Iterator[str]:
        """Say what is wrong with the options that are this source's own."""
        if config.path is None:
            yield f"data.path: expected {self.file}; received none."

    def find(self, config: Options, *, say: Say) -> Found:
        """Find or fetch the file; ``config`` obeys all rules.

        Raises ``DataUnavailable`` when there is neither a copy nor a network, and ``DataError``
        or ``OSError`` for anything else that is wrong.
        """
        path = self._given(config)
        return Found(replace(config, path=str(path)), path, digest(path), str(path))

    def find_as_stand_in(self, config: Options, *, say: Say) -> Found:
        """Find or fetch the file where another source could not be had.

        Most likely there is no network: a source that would wait long for one waits less.
        """
        return self.find(config, say=say)

    def expected_sha256(self, config: Options) -> str:
        """Give the checksum of the file that :meth:`find` finds, without fetching it.

        A given file is read; raises ``DataError`` where there is none.
        """
        return digest(self._given(config))

    def copies(self) -> tuple[Path, ...]:
        """Give where copies of the published file are looked for, first where to put one.

        There is none where the file is the user's own.
        """
        return ()

    def is_here(self, config: Options) -> bool:
        """Say whether :meth:`find` needs no network."""
        return True

    def caveats(self, config: Options) -> list[str]:
        """Say what a dry run, which fetches nothing, cannot know."""
        if self.is_here(config):
            return []
        return ["the data is not on this machine yet; the sweep would fetch it"]

    def stand_in(self, config: Options) -> StandIn | None:
        """Give what stands in for this source where ``config`` says that it could not be had."""
        return None

    def settled(self, config: DataConfig, fallback_reason: str | None) -> dict[str, str]:
        """Give the options that lead every trial of a sweep straight to what was found.

        ``config`` and ``fallback_reason`` are those of what :meth:`find` found. With these
        options in place, finding it again needs no network.
        """
        return {} if config.path is None else {"path": config.path}

    def pinned(self, config: Options, sha256: str) -> Options:
        """Give the recorded ``config`` so that it stands for the file of ``sha256``, for no other.

        It does not name further files that are no longer there.
        """
        return config

    def elsewhere(self, config: Options) -> Options | None:
        """Give ``config`` so that its file is looked for anew; None: it can only be given."""
        return None

    def ingredients(self, config: Options) -> dict[str, Any]:
        """Give what the encoded arrays depend on besides options and file, as JSON values."""
        return {}

    @abstractmethod
    def build(self, path: Path, config: Options) -> "Encoded":
        """Encode both splits of the file at ``path``; ``config`` is settled.

        Raises ``DataError``, naming the file, when it cannot be trained on.
        """

    @abstractmethod
    def full_texts(self, path: Path, config: Options) -> "Texts":
        """Give the words of every text in the rows' order of :meth:`build`, nothing cut off."""

    def _given(self, config: Options) -> Path:
        if config.path is None:
            raise DataError(f"data.path: expected {self.file}; received none.")
        return given_file(config.path, "data.path")


class TextSource(Source[Options]):
    """A source of labelled texts: the vocabulary comes from its training split."""

    @abstractmethod
    def labelled(self, path: Path, config: Options) -> "Labelled":
        """Read texts, labels and splits; raises ``DataError`` when they cannot be trained on."""

    def build(self, path: Path, config: Options) -> "Encoded":
        """Encode the texts of :meth:`labelled`."""
        from rcnn_sweep.data.corpus import encode

        return encode(self.labelled(path, config), config)

    def full_texts(self, path: Path, config: Options) -> "Texts":
        """Split the texts of :meth:`labelled` into words, as the network's are."""
        from rcnn_sweep.data.corpus import words_of

        return words_of(self.labelled(path, config))
