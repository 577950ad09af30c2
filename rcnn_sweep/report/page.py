"""From a template and plain values to one HTML file that is complete in itself."""

import base64
import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

import rcnn_sweep
from rcnn_sweep import format
from rcnn_sweep.drawing import palette_css, shapes_css
from rcnn_sweep.errors import UserError
from rcnn_sweep.process import write_whole

SCRIPTS = ("sort.js", "copy.js", "trials.js", "zoom.js", "wide.js")
"""What the page can do, a file each; without any of it the page says the same."""

NO_BREAK = "\N{NO-BREAK SPACE}"


def page(template: str, title: str, values: Mapping[str, Any]) -> str:
    """Render ``template`` of this package with ``values``; every text in them is escaped.

    The page's own policy forbids all but its own style and script, by their checksums: even a
    text that slipped through unescaped could load and run nothing.
    """
    css = "\n".join([palette_css(), _part("report.css"), shapes_css()])
    script = "\n".join(map(_part, SCRIPTS))
    policy = (
        f"default-src 'none'; style-src '{_checksum(css)}'; script-src '{_checksum(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return (
        _environment()
        .get_template(template)
        .render(
            **values,
            title=title,
            css=Markup(css),
            script=Markup(script),
            policy=Markup(policy),
            version=rcnn_sweep.__version__,
            written=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        )
    )


def write_page(path: Path, text: str) -> Path:
    """Write a page, whole or not at all, and give its path.

    Raises :class:`UserError` where the folder is missing or cannot be written.
    """
    try:
        write_whole(path, text)
    except OSError as error:
        raise UserError(
            f"report: expected to write {path}; {error.strerror or error}.\n"
            "Name another file: --output FILE."
        ) from error
    return path


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("rcnn_sweep.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=unbroken,
    )
    environment.filters["metric"] = format.metric
    environment.filters["breakable"] = breakable
    environment.filters["headings"] = headings
    return environment


def unbroken(value: Any) -> Any:
    """Keep a number and its unit in one line; what is escaped already, as commands are, stays.

    >>> unbroken("95 % of 12 min 5 s").replace(NO_BREAK, "~")
    '95~% of 12~min 5~s'
    """
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return re.sub(r"(?<=\d) (?=(?:%|h|min|s|[kMG]B)(?!\w))", NO_BREAK, value)


def headings(part: str) -> list[tuple[str, Markup]]:
    """Give the id and the words of each section's heading in a rendered part of a page.

    >>> headings('<h2 id="search">The search</h2>')
    [('search', Markup('The search'))]
    """
    found = re.findall(r'<h2 id="([\w-]+)">(.*?)</h2>', part)
    return [(name, Markup(words)) for name, words in found]  # escaped where they were rendered


def breakable(name: str) -> Markup:
    """Give ``name`` with places to break its line at dots and underscores.

    >>> breakable("conv.filters")
    Markup('conv.<wbr>filters')
    """
    return escape(name).replace(".", Markup(".<wbr>")).replace("_", Markup("_<wbr>"))


def _part(name: str) -> str:
    return (files("rcnn_sweep.report") / "templates" / name).read_text(encoding="utf-8").strip()


def _checksum(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
