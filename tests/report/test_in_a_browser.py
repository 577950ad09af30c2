"""The page in headless Chromium: no complaint, no request, and what its scripts can do."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from made_study import Made, trial
from small import HANGS

from rcnn_sweep.application import report_study

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SORT = "document.querySelectorAll('table.sortable th button')[2].click();"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (apt-get: chromium)")


def browse(page: Path, *options: str) -> tuple[str, str]:
    """Load a page; gives the document after its scripts, and what the browser complained of."""
    command = [
        *(str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
        *("--enable-logging=stderr", "--v=0", f"--user-data-dir={page.parent / 'profile'}"),
        *("--virtual-time-budget=2000", *options, page.as_uri()),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=HANGS)
    return done.stdout, "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)


@pytest.fixture
def page(made: Made) -> Path:
    trials = [trial(16, 0.7), trial(9, 0.85), trial(20, state="failed"), trial(30, 0.75)]
    made.study("search <b>", trials)
    return report_study("search <b>", None, output=made.folder / "page.html")


def test_it_has_nothing_to_complain_of_and_its_heads_are_buttons(page: Path) -> None:
    document, complaints = browse(page, "--dump-dom")
    assert complaints == ""
    table = document[document.index('class="grid sortable"') :]
    head = table[: table.index("</thead>")]
    assert head.count('<button type="button">') == head.count('<th scope="col"') > 5
    assert "search &lt;b&gt;" in document


def done_to(page: Path, script: str) -> str:
    """The page's document after ``script``, which did something as its reader would."""
    html = page.read_text(encoding="utf-8")
    # The page's own policy forbids any other script, so the test adds its own without it.
    html = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", html)
    changed = page.with_name("changed.html")
    changed.write_text(
        html.replace("</body>", f"<script>{script}</script></body>"), encoding="utf-8"
    )
    document, complaints = browse(changed, "--dump-dom")
    assert complaints == ""
    return document


def test_a_trial_is_marked_in_all_plots_and_rows_filtered_and_its_command_copied(
    page: Path,
) -> None:
    document = done_to(
        page,
        """
        const table = document.querySelector("table.sortable");
        const row = table.querySelector("tr[data-key='1']");
        row.cells[1].click();
        const told = document.querySelector("output.told");
        const lit = (tag) => document.querySelectorAll(`${tag}.lit`).length;
        const all = (tag) => document.querySelectorAll(`${tag}[data-key='1']`).length;
        const seen = [lit("tr"), lit("svg polygon"), lit("svg polyline"), told.textContent];
        const every = [all("tr"), all("svg polygon"), all("svg polyline")];
        document.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
        const after = [document.querySelectorAll(".lit").length, told.hidden];
        document.querySelector(".filter input[value='failed']").click();
        const off = [...document.querySelectorAll("tr.off")].map((one) => one.dataset.key);
        const copies = document.querySelectorAll("pre .copy, td .copy").length;
        const places = document.querySelectorAll("pre, td.code").length;
        const found = { seen, every, after, off, copies, places };
        document.body.append(JSON.stringify(found), document.createElement("hr"));
        """,
    )
    told = json.loads(document[document.rindex('{"seen"') : document.rindex("<hr>")])
    *lit, words = told["seen"]
    assert lit == told["every"] and min(lit) > 0
    assert words.startswith("trial 1 (complete): val_accuracy 0.8500 conv.filters=9")
    assert told["after"] == [0, True]
    assert set(told["off"]) == {"2"}
    assert told["copies"] == told["places"] > 4


def test_a_part_of_a_plot_is_enlarged_by_dragging_and_the_whole_comes_back(page: Path) -> None:
    document = done_to(
        page,
        """
        const svg = document.querySelector(".plot svg[viewBox]");
        svg.scrollIntoView();
        const place = svg.getBoundingClientRect();
        const send = (kind, x, y) => svg.dispatchEvent(new PointerEvent(kind, {
          bubbles: true, pointerType: "mouse",
          clientX: place.left + x * place.width, clientY: place.top + y * place.height,
        }));
        const seen = () => svg.getAttribute("viewBox").split(" ").map(Number);
        const whole = seen();
        send("pointerdown", 0.25, 0.25);
        send("pointermove", 0.5, 0.4);
        const framed = svg.querySelectorAll("rect.frame").length;
        send("pointerup", 0.75, 0.75);
        svg.querySelector("[data-key]").dispatchEvent(new MouseEvent("click", { bubbles: true }));
        const part = seen();
        const lit = document.querySelectorAll(".lit").length;
        const button = document.querySelector("button.whole");
        const offered = !button.hidden;
        button.click();
        const found = { whole, part, again: seen(), framed, lit, offered, hidden: button.hidden };
        found.left = svg.querySelectorAll("rect.frame").length;
        document.body.append(JSON.stringify(found), document.createElement("hr"));
        """,
    )
    told = json.loads(document[document.rindex('{"whole"') : document.rindex("<hr>")])
    x, y, width, height = told["whole"]
    wanted = [x + width / 4, y + height / 4, width / 2, height / 2]
    assert told["part"] == pytest.approx(wanted, rel=0.02)
    assert told["again"] == told["whole"]
    assert (told["framed"], told["left"]) == (1, 0)
    assert told["lit"] == 0, "the end of a drag is no click on a trial"
    assert told["offered"] and told["hidden"]


def order_after(page: Path, clicks: int) -> list[str]:
    """The trials of the table in the order after so many clicks on the third column."""
    document = done_to(page, SORT * clicks)
    table = document[document.index('class="grid sortable"') :]
    table = table[: table.index("</table>")]
    assert ('aria-sort="ascending"' in table) == (clicks == 1)
    return re.findall(r'<th scope="row" data-order="[\d.]*"[^>]*>(?:<a [^>]*>)?(\d+)<', table)


@pytest.mark.slow
def test_a_click_sorts_the_trials_and_another_turns_them_round(page: Path) -> None:
    assert order_after(page, 0) == ["0", "1", "2", "3"]
    assert order_after(page, 1) == ["0", "3", "1", "2"]
    assert order_after(page, 2) == ["1", "3", "0", "2"]


def test_its_policy_stops_what_slipped_through(page: Path) -> None:
    html = page.read_text(encoding="utf-8")
    slipped = '<p id="mark">safe</p><script>document.title = "taken"</script>'
    slipped += '<img src="x" onerror="document.title = \'taken\'">'
    page.write_text(html.replace("<main>", f"<main>{slipped}"), encoding="utf-8")
    document, complaints = browse(page, "--dump-dom")
    assert "<title>search &lt;b&gt;: sweep report</title>" in document
    assert "Content Security Policy" in complaints
