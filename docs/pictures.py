"""The pictures of README and docs, made from a real sweep: a terminal's recording and the report.

    make pictures

Sweeps over the snippets in a folder of its own (``reviews`` in the system's temporary one), in a
terminal that pyte plays, refits the winner, and has headless Chromium photograph the report. What a
step has made is kept there and not made again; remove the folder to begin anew. It takes some
minutes. The recording is an SVG of a few frames, each picture fits light and dark pages. The bars
of performance.md need no sweep.
"""

import codecs
import json
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator, Sequence
from fcntl import ioctl
from pathlib import Path
from textwrap import wrap

import pyte
from markupsafe import escape
from PIL import Image

from rcnn_sweep.drawing import Drawing

PLACE = Path(tempfile.gettempdir()) / "reviews"
TARGET = Path(__file__).parent / "pictures"
COLUMNS, LINES = 112, 26
STUDY = "snippets"
SWEEP = ["-m", "data=snippets", "search=architecture", "hydra.sweeper.n_trials=30"]
SWEEP += [f"hydra.sweeper.study_name={STUDY}"]
REFIT = ["refit", STUDY, "--seeds", "3"]

MOMENTS = (0.04, 0.2, 0.35, 0.5, 0.65, 0.8)
"""The moments of the sweep that the recording shows, as shares of its time; and its end."""
SHOWN_SECONDS = 2.2
"""How long each is shown; the last one three times as long."""
LETTER, LINE = 7.23, 16.5
"""The advance of a monospaced letter of 12 px, and the height of a line."""
WIDTH = 980
VIEWS = {"report": ("", 30, 1160), "search": ("search", 84, 966)}
"""What is photographed of the report: its beginning or one section, from where to where."""
SCHEMES = {"light": 1, "dark": 0}
"""Blink's names of a reader's preference."""
COLOURS = 48
"""Colours that are left in a photograph."""

SECONDS = {
    "Eight screening trials on one core": {
        "Hydra, hydra-optuna-sweeper, autolog": 177,
        "the same, no model logged": 117,
        "rcnn_sweep": 88,
        "rcnn_sweep, by length": 67,
    },
    "The baseline, two epochs of all of IMDB": {
        "bare Keras, nothing recorded": 110,
        "rcnn_sweep, everything recorded": 85,
        "rcnn_sweep, by length": 55,
    },
}
"""What performance.md compares, in seconds from the command to the prompt."""
BAR, BARS_FROM, BARS_TO = 24, 250, 700

STYLE = """
.page { fill: #fdfdfb; stroke: #d9d7cf } text { fill: #1d1d1b; white-space: pre;
font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace }
.bold { font-weight: 600 } .prompt { fill: #14507f }
@media (prefers-color-scheme: dark) { .page { fill: #17181a; stroke: #3a3b3e }
text { fill: #e9e7e1 } .prompt { fill: #86bdec } }
"""


def main() -> None:
    """Make what is missing, then the pictures."""
    PLACE.mkdir(exist_ok=True)
    TARGET.mkdir(exist_ok=True)
    bars().save_svg(TARGET / "performance.svg")
    environment = PLACE / ".venv"
    if not environment.exists():
        environment.symlink_to(sys.prefix)
    for words in (SWEEP, REFIT):
        recording = PLACE / f"{words[0].strip('-')}.cast"
        if not recording.exists():
            record(words, recording)
    write_frames(PLACE / "m.cast", TARGET / "sweep.svg")
    for view in VIEWS:
        for scheme in SCHEMES:
            photograph(view, scheme, TARGET / f"{view}-{scheme}.png")


def bars() -> Drawing:
    """Draw :data:`SECONDS`."""
    rows = sum(len(group) + 1.5 for group in SECONDS.values())
    longest = max(max(group.values()) for group in SECONDS.values())
    told = "; ".join(f"{name} {s} s" for group in SECONDS.values() for name, s in group.items())
    drawing = Drawing(BARS_TO + 60, BAR * rows, title="Seconds beside others", description=told)
    y = 0.0
    for title, group in SECONDS.items():
        y += BAR
        drawing.text(0, y - 8, title, "name")
        for name, seconds in group.items():
            length = (BARS_TO - BARS_FROM) * seconds / longest
            is_ours = name.startswith("rcnn_sweep")
            drawing.text(BARS_FROM - 8, y + 15, name, "mark", anchor="end")
            drawing.box(BARS_FROM, y + 3, length, BAR - 7, "best" if is_ours else "bar")
            drawing.text(BARS_FROM + length + 6, y + 15, f"{seconds} s")
            y += BAR
        y += BAR / 2
    return drawing


def record(words: Sequence[str], target: Path) -> None:
    """Run a command in a terminal; keep what it writes as ``[seconds, text]``, a line each."""
    bin_folder = PLACE / ".venv/bin"
    settings = {**os.environ, "TERM": "xterm-256color"}
    settings["PATH"] = f"{bin_folder}{os.pathsep}{settings['PATH']}"  # as in an active environment
    command = [str(bin_folder / "python"), "-m", "rcnn_sweep", *words]
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(PLACE)
        os.execvpe(command[0], command, settings)
    ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    started, written = time.monotonic(), []
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    while piece := _piece(terminal):
        seconds = round(time.monotonic() - started, 2)
        written.append(json.dumps([seconds, decoder.decode(piece)]))
    _, status = os.waitpid(process, 0)
    if code := os.waitstatus_to_exitcode(status):
        sys.exit(f"{' '.join(command)}: expected exit code 0; received {code}.")
    target.write_text("\n".join(written) + "\n", encoding="utf-8")


def _piece(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # Linux's way to say that the other end is closed
        return b""


def write_frames(recording: Path, target: Path) -> None:
    """Write an SVG that shows a recording's screens one after the other, without any script."""
    screens = list(screens_of(recording))
    shown = [SHOWN_SECONDS] * (len(screens) - 1) + [3 * SHOWN_SECONDS]
    prompt = wrap(f"$ python -m rcnn_sweep {' '.join(SWEEP)}", COLUMNS)
    top = 30 + LINE * len(prompt)
    whole, width, height = sum(shown), 24 + LETTER * COLUMNS, top + LINE * (LINES + 1)
    style, groups, start = [STYLE], [], 0.0
    for place, (screen, seconds) in enumerate(zip(screens, shown, strict=True)):
        first, last = 100 * start / whole, 100 * (start + seconds) / whole
        before = f"0%, {first:.2f}% {{ opacity: 0 }} " if place else ""
        after = f"{last:.2f}%, 100% {{ opacity: 0 }}" if last < 100 else ""
        style.append(
            f"@keyframes f{place} {{ {before}{first:.2f}%, {last:.2f}% {{ opacity: 1 }} {after} }}"
            f"#f{place} {{ animation: f{place} {whole:.1f}s step-end infinite }}"
        )
        groups.append(f'<g id="f{place}">{"".join(_lines(screen, top))}</g>')
        start += seconds
    target.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'role="img" aria-label="A sweep in a terminal"><style>{"".join(style)}</style>'
        f'<rect class="page" x=".5" y=".5" rx="7" '
        f'width="{width - 1:.0f}" height="{height - 1:.0f}"/>'
        f"{''.join(_text(line, 26 + LINE * n, 'prompt') for n, line in enumerate(prompt))}"
        f"{''.join(groups)}</svg>\n",
        encoding="utf-8",
    )


def screens_of(recording: Path) -> Iterator[list[list[tuple[str, bool]]]]:
    """Give the screens at the moments shown: lines of letters, each with whether it is bold."""
    written = [json.loads(line) for line in recording.read_text(encoding="utf-8").splitlines()]
    screen = pyte.Screen(COLUMNS, LINES)
    stream, end = pyte.Stream(screen), written[-1][0]
    moments = [share * end for share in MOMENTS]
    for seconds, text in written:
        while moments and seconds > moments[0]:
            moments.pop(0)
            yield _read(screen)
        stream.feed(text)
    yield _read(screen)


def _read(screen: pyte.Screen) -> list[list[tuple[str, bool]]]:
    rows = (screen.buffer[row] for row in range(LINES))
    return [[(row[place].data, row[place].bold) for place in range(COLUMNS)] for row in rows]


def _lines(screen: Sequence[Sequence[tuple[str, bool]]], top: float) -> Iterator[str]:
    """Give a text element a line, the first one at ``top``."""
    for number, row in enumerate(screen):
        words = "".join(letter for letter, _ in row).rstrip()
        if not words:
            continue
        bold = any(is_bold for letter, is_bold in row if letter.isalpha()) and "\u2503" in words
        yield _text(words, top + LINE * number, "bold" if bold else "")


def _text(words: str, y: float, kind: str) -> str:
    """Give a text element, its letters where a terminal has them in whatever font."""
    fixed = f'textLength="{LETTER * len(words):.0f}" lengthAdjust="spacingAndGlyphs"'
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="12" y="{y:.0f}" {fixed}>{escape(words)}</text>'


def photograph(view: str, scheme: str, target: Path) -> None:
    """Photograph a part of the report in Chromium, by day or by night."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("expected Chromium on the search path; found none (apt-get install chromium).")
    section, top, bottom = VIEWS[view]
    with tempfile.TemporaryDirectory() as profile:
        page = Path(profile, "page.html")
        page.write_text(part_of_report(section), encoding="utf-8")
        subprocess.run(
            [
                *(chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
                f"--user-data-dir={profile}",
                f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}",
                f"--window-size={WIDTH},{bottom}",
                f"--screenshot={target}",
                page.as_uri(),
            ],
            check=True,
            capture_output=True,
        )
    picture = Image.open(target).convert("RGB").crop((0, top, WIDTH, bottom))
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(target, optimize=True)


def part_of_report(section: str) -> str:
    """Give the report's page, or a page with nothing but one of its sections."""
    path = PLACE / "multirun" / STUDY / "sweep" / "report.html"
    html = path.read_text(encoding="utf-8")
    if not section:
        return html
    head, _, rest = html.partition("<main>")
    found = re.search(rf'<section aria-labelledby="{section}">.*?</section>', rest, re.DOTALL)
    if found is None:
        sys.exit(f"expected a section {section} in {path}; found none.")
    return f"{head}<main>{found[0]}</main></body></html>"


if __name__ == "__main__":
    main()
