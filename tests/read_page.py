"""A report read back from its HTML, for tests."""

import re
from html.parser import HTMLParser
from pathlib import Path


class Page(HTMLParser):
    """The page's text, its tables by caption as rows of cells, and its elements by name."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.html = path.read_text(encoding="utf-8")
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.tables: dict[str, list[list[str]]] = {}
        self._rows: list[list[str]] = []
        self._inside: list[str] = []
        self._words: list[str] = []
        self._caption = ""
        self.feed(self.html)
        self.text = " ".join(" ".join(self._words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside.append(tag)
        if tag == "table":
            self._rows, self._caption = [], ""
        elif tag == "tr":
            self._rows.append([])
        elif tag in ("td", "th"):
            self._rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._inside:
            while self._inside.pop() != tag:
                pass
        if tag == "table":
            self.tables[self._caption] = self._rows

    def handle_data(self, data: str) -> None:
        if {"style", "script"} & set(self._inside):
            return
        self._words.append(data)
        if "caption" in self._inside:
            self._caption += data
        elif {"td", "th"} & set(self._inside):
            self._rows[-1][-1] += data

    def attribute_names(self) -> set[str]:
        return {name for _, attributes in self.elements for name in attributes}

    def titles(self) -> set[str]:
        return set(re.findall(r'<title id="t\d+">([^<]*)</title>', self.html))
