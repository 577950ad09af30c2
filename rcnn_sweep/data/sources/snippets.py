"""Rated movie review sentences, a small corpus from pip's package index."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rcnn_sweep import rules
from rcnn_sweep.data.files import Say
from rcnn_sweep.data.options import DataConfig
from rcnn_sweep.data.sources import snippets_file
from rcnn_sweep.data.sources.source import Found, TextSource

if TYPE_CHECKING:
    from rcnn_sweep.data.corpus import Labelled

# Seconds that pip's index may keep silent where another source could not be had: most likely
# nobody answers, and pip may be configured to wait for minutes.
SILENCE = 4.0


@dataclass
class SnippetsConfig(DataConfig):
    """10,568 rated movie review sentences (Hutto and Gilbert, ICWSM 2014; Pang and Lee, 2005)."""

    name: str = "snippets"
    maxlen: int = 64
    test_fraction: float = 0.2


class Snippets(TextSource[SnippetsConfig]):
    """The published sentences: given, cached or fetched, and no others."""

    options = SnippetsConfig
    title = "the snippets"

    def problems(self, config: SnippetsConfig) -> Iterator[str]:
        """Ask for a test split that leaves something on either side."""
        yield from rules.fraction("data.test_fraction", config.test_fraction)

    def find(self, config: SnippetsConfig, *, say: Say) -> Found:
        """Find the sentences, or fetch them."""
        return self._found(config, say, None)

    def find_as_stand_in(self, config: SnippetsConfig, *, say: Say) -> Found:
        """Find the sentences, or fetch them from an index that answers soon."""
        return self._found(config, say, SILENCE)

    def expected_sha256(self, config: SnippetsConfig) -> str:
        """Give the checksum of the given file, else the published one."""
        given = config.path is not None
        return super().expected_sha256(config) if given else snippets_file.TEXT_SHA256

    def copies(self) -> tuple[Path, ...]:
        """Give where the sentences are cached."""
        return (snippets_file.cached(),)

    def is_here(self, config: SnippetsConfig) -> bool:
        """Say whether the sentences are given or cached."""
        return config.path is not None or snippets_file.is_whole(snippets_file.cached())

    def elsewhere(self, config: SnippetsConfig) -> SnippetsConfig:
        """Look in the cache, then ask pip's index."""
        return replace(config, path=None)

    def labelled(self, path: Path, config: SnippetsConfig) -> "Labelled":
        """Read the sentences; a stratified ``test_fraction`` of them is the test split."""
        from rcnn_sweep.data.sources.snippets_rows import labelled

        return labelled(path, config.test_fraction)

    def _found(self, config: SnippetsConfig, say: Say, silence: float | None) -> Found:
        path, source = snippets_file.find_text(config.path, say=say, silence=silence)
        return Found(replace(config, path=str(path)), path, snippets_file.TEXT_SHA256, source)
