"""What MLflow's server does for one client and for many, with hostile requests among theirs.

    python benchmarks/serving_load.py
    python benchmarks/serving_load.py --model models:/rcnn@champion --texts reviews.parquet

Starts `mlflow models serve` as docs/serving.md says, on a free port. One client, then `--clients`
at once send requests of 1 to 8 texts, one after the other, for `--seconds`, in all forms that
docs/serving.md names; `--hostile` of the requests are such as nobody should send. Without
`--model` the baseline learns a table of made-up reviews.

Exit code 1 where a good request got another status than 200, or an answer that is not what
`rcnn_sweep predict` said of its texts before (the label, and the probability to 1e-5); where a
hostile one got another status than `HOSTILE` names; where the server died or left a process.
"""

import argparse
import asyncio
import itertools
import json
import os
import random
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import numpy as np
import psutil
from _measuring import timed

from rcnn_sweep.prediction import from_file

EPOCHS = 3
MOST_TEXTS = 8
TOLERANCE = 1e-5
START_SECONDS, END_SECONDS, ANSWER_SECONDS = 180, 60, 120
JSON = "application/json"
LARGE = 20_000_000
"""Bytes of a large body."""

TRACE = " with a traceback"
NONE, TRACED = "no answer waited for", f"400{TRACE}"

ODD = ("", "a \0 film", '\u00c4RGER \U0001f3ac,\r\n"=1+1"')
"""Texts like any other, which are asked beside those that the table has."""

FORMS: dict[str, Callable[[Sequence[str]], Any]] = {
    "inputs": lambda texts: {"inputs": texts},
    "inputs by column": lambda texts: {"inputs": {"text": texts}},
    "instances": lambda texts: {"instances": [{"text": text} for text in texts]},
    "records": lambda texts: {"dataframe_records": [{"text": text} for text in texts]},
    "split": lambda texts: {
        "dataframe_split": {"columns": ["text"], "data": [[text] for text in texts]}
    },
}


class Sent(NamedTuple):
    """A request and what :meth:`Load.send` gives as the status of its answer."""

    status: str
    body: bytes
    content_type: str | None = JSON
    method: str = "POST"


def sent(status: str, body: Any) -> Sent:
    """Give a request with a body of JSON."""
    return Sent(status, json.dumps(body).encode())


HOSTILE = {
    "no JSON": Sent("400", b'{"inputs": ['),
    "no UTF-8": Sent("400", b'{"inputs": ["\xff"]}'),
    "no body": Sent("400", b""),
    "no form": sent("400", {"text": [3.5]}),
    "two forms": sent("400", {"inputs": ["a"], "instances": ["a"]}),
    "a list": sent("400", [None]),
    "number in records": sent("400", {"dataframe_records": [{"text": "a"}, {"text": 3}]}),
    "null in records": sent("400", {"dataframe_records": [{"text": "a"}, {"text": None}]}),
    "row without text": sent("400", {"dataframe_records": [{"text": "a"}, {}]}),
    "number in split": sent("400", {"dataframe_split": {"columns": ["text"], "data": [[3.5]]}}),
    "two columns text": sent(
        "400", {"dataframe_split": {"columns": ["text"] * 2, "data": [["a", "b"]]}}
    ),
    "other column": sent("400", {"inputs": {"words": ["a"]}}),
    "lists of texts": sent("400", {"inputs": [["a"], ["b"]]}),
    "lone surrogate": Sent("400", b'{"inputs": ["\\ud800 film"]}'),
    "surrogate in records": Sent("400", b'{"dataframe_records": [{"text": "\\ud800 film"}]}'),
    "bare NUL": Sent("400", b'{"inputs": ["a\0b"]}'),
    "nested 200 deep": Sent("400", b'{"inputs": ' + b"[" * 200 + b"]" * 200 + b"}"),
    "20 MB, no JSON": Sent("400", b"x" * LARGE),
    "20 MB and a null": sent(
        "400", {"dataframe_records": [{"text": "word " * (LARGE // 5)}, {"text": None}]}
    ),
    "no Parquet": Sent(TRACED, b"PAR1", "application/vnd.apache.parquet"),
    "empty CSV": Sent(TRACED, b"", "text/csv"),
    "other type": Sent("415", b'{"inputs": ["a"]}', "text/plain"),
    "other charset": Sent("415", b'{"inputs": ["a"]}', f"{JSON}; charset=latin-1"),
    "other method": Sent("405", b"", method="GET"),
    "hung up half-way": Sent(NONE, b'{"inputs": ["a'),
    "hung up at once": Sent(NONE, b'{"inputs": ["a"]}'),
    # What docs/serving.md says of MLflow: it makes texts of these
    "number in inputs": sent("200", {"inputs": [3]}),
    "null in inputs": sent("200", {"inputs": [None]}),
    "number in instances": sent("200", {"instances": [{"text": 3.5}]}),
    # and falls over these.
    "nested 100,000 deep": Sent("500", b'{"inputs": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "5,000 digits": Sent("500", b'{"inputs": [' + b"9" * 5000 + b"]}"),
    "no type": Sent("500", b'{"inputs": ["a"]}', None),
}


class Known(NamedTuple):
    """A text, and what the model said of it before the load."""

    text: str
    label: str
    probability: float

    def is_said(self, answer: Any) -> bool:
        """Say whether an answer of the server is the same."""
        is_near = abs(answer["probability"] - self.probability) <= TOLERANCE
        return bool(is_near and answer["label"] == self.label)


@dataclass
class Server:
    """``mlflow models serve`` with all its processes; ``peak`` is the most memory seen, in MiB."""

    process: "subprocess.Popen[bytes]"
    port: int
    log: Path
    peak: int = 0

    @classmethod
    def start(cls, uri: str, folder: Path) -> "Server":
        """Start the command in ``folder``, on a free port."""
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            port = found.getsockname()[1]
        words = ["mlflow", "models", "serve", "-m", uri, "--env-manager", "local"]
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        log = folder / "server.log"
        with log.open("wb") as stream:
            process = subprocess.Popen(
                [*words, "--port", str(port)], cwd=folder, stdout=stream, stderr=stream,
                env={**os.environ, "PATH": path}, start_new_session=True,
            )  # fmt: skip
        return cls(process, port, log)

    @property
    def has_died(self) -> bool:
        """Whether the command has ended."""
        return self.process.poll() is not None

    def tree(self) -> list[psutil.Process]:
        """Give the command's processes that live."""
        with suppress(psutil.NoSuchProcess):
            first = psutil.Process(self.process.pid)
            return [first, *first.children(recursive=True)]
        return []

    def memory(self) -> int:
        """Give their resident memory in MiB; remembers the most."""
        found = 0
        for process in self.tree():
            with suppress(psutil.NoSuchProcess):
                found += process.memory_info().rss
        self.peak = max(self.peak, found >> 20)
        return found >> 20

    async def wait(self) -> None:
        """Wait until it answers; ends the script where it does not."""
        deadline = time.monotonic() + START_SECONDS
        async with session() as shared:
            while time.monotonic() < deadline and not self.has_died:
                with suppress(aiohttp.ClientError):
                    async with shared.get(f"http://127.0.0.1:{self.port}/ping") as answer:
                        if answer.status == 200:
                            return
                await asyncio.sleep(0.2)
        said = self.log.read_text(errors="replace")
        raise SystemExit(f"The server does not answer:\n{said[-2000:]}")

    def end(self) -> list[str]:
        """End it as Ctrl-C does; name the processes that are left, with their threads."""
        tree = self.tree()
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(END_SECONDS)
        _, left = psutil.wait_procs(tree, timeout=5)
        told = [f"{process.pid} with {process.num_threads()} threads" for process in left]
        for process in left:
            process.kill()
        return told


def session() -> aiohttp.ClientSession:
    """Give a client that keeps its connections."""
    kept = aiohttp.TCPConnector(limit=0, keepalive_timeout=2)  # the server closes them after 5 s
    limit = aiohttp.ClientTimeout(ANSWER_SECONDS)
    return aiohttp.ClientSession(connector=kept, timeout=limit)


@dataclass
class Load:
    """What some clients did at once, and what they were told."""

    server: Server
    known: Sequence[Known]
    clients: int
    hostile_share: float
    latencies: list[float] = field(default_factory=list)
    texts: int = 0
    seconds: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    statuses: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    async def run(self, seconds: float) -> None:
        """Have all clients ask for that long; each ends with the answer to its last request."""
        began = time.monotonic()
        async with session() as shared:
            asking = [self.client(shared, n, began + seconds) for n in range(self.clients)]
            watching = asyncio.create_task(self.watch())
            await asyncio.gather(*asking)
            watching.cancel()
        self.seconds = time.monotonic() - began

    async def try_each(self) -> None:
        """Send each hostile request once, whatever chance sent."""
        async with session() as shared:
            watching = asyncio.create_task(self.watch())
            for name, request in HOSTILE.items():
                self.statuses[name][await self.attack(shared, request)] += 1
            watching.cancel()

    async def watch(self) -> None:
        """Look at the server's memory again and again."""
        while True:
            self.server.memory()
            await asyncio.sleep(0.1)

    async def client(self, shared: aiohttp.ClientSession, number: int, until: float) -> None:
        """Send one request after the other."""
        rng = random.Random(f"{self.clients} {number}")
        while time.monotonic() < until and not self.server.has_died:
            if rng.random() < self.hostile_share:
                name = rng.choice([*HOSTILE])
                self.statuses[name][await self.attack(shared, HOSTILE[name])] += 1
            else:
                await self.ask(shared, rng)

    async def ask(self, shared: aiohttp.ClientSession, rng: random.Random) -> None:
        """Send a good request and compare what it is told."""
        chosen = rng.choices(self.known, k=rng.randint(1, MOST_TEXTS))
        name = rng.choice([*FORMS])
        body = json.dumps(FORMS[name]([known.text for known in chosen])).encode()
        began = time.monotonic()
        status, content = await self.send(shared, Sent("200", body))
        self.latencies.append(time.monotonic() - began)
        self.texts += len(chosen)
        if status != "200":
            self.faults[f"{name}: {status} {content[:200]!r}"] += 1
            return
        answers = json.loads(content)["predictions"]
        is_same = len(answers) == len(chosen) and all(map(Known.is_said, chosen, answers))
        self.faults[f"{name}: another answer"] += not is_same

    async def attack(self, shared: aiohttp.ClientSession, request: Sent) -> str:
        """Send a hostile request on a connection of its own; give the status."""
        if request.status != NONE:  # the server closes a connection on which it answered 500
            return (await self.send(shared, request, {"Connection": "close"}))[0]
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        except OSError as error:
            return type(error).__name__
        length = len(request.body) + request.body.endswith(b"a")  # the half lacks some
        head = f"POST /invocations HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n"
        writer.write(f"{head}Content-Type: {JSON}\r\n\r\n".encode() + request.body)
        with suppress(ConnectionError):
            await writer.drain()
        writer.close()
        return NONE

    async def send(
        self,
        shared: aiohttp.ClientSession,
        request: Sent,
        more: dict[str, str] | None = None,
    ) -> tuple[str, bytes]:
        """Send a request; give the status, or what went wrong, and the answer."""
        kind = {"Content-Type": request.content_type} if request.content_type else {}
        url = f"http://127.0.0.1:{self.server.port}/invocations"
        try:
            async with shared.request(
                request.method, url, data=request.body, headers={**kind, **(more or {})},
                skip_auto_headers=["Content-Type"],
            ) as answer:  # fmt: skip
                content = await answer.read()
                return f"{answer.status}{TRACE * (b'stack_trace' in content)}", content
        except (aiohttp.ClientError, TimeoutError) as error:
            await asyncio.sleep(0.1)
            return type(error).__name__, str(error).encode()

    def column(self) -> list[str]:
        """Give the cells of its column in the table."""
        spread = np.percentile(self.latencies or [np.nan], [50, 95, 99, 100]) * 1000
        return [
            f"{len(self.latencies):,}",
            f"{len(self.latencies) / self.seconds:,.1f}",
            f"{self.texts / self.seconds:,.1f}",
            *(f"{value:,.0f}" for value in spread),
            f"{self.faults.total():,}",
        ]


ROWS = (
    *("good requests", "good requests a second", "texts a second"),
    *("median ms", "p95 ms", "p99 ms", "longest ms", "failed or answered otherwise"),
)
"""The lines of the table of good requests, as :meth:`Load.column` fills it."""


def made_up(count: int) -> list[tuple[str, int]]:
    """Give reviews of the lengths of IMDB's, and whether they praise."""
    rng = random.Random(0)
    words = [f"word{number}" for number in range(5000)]
    odds = [*itertools.accumulate(1 / (number + 1) for number in range(5000))]
    found = []
    for _ in range(count):
        length, mood = min(1200, 4 + int(rng.lognormvariate(5.15, 0.6))), rng.random()
        text = rng.choices(words, cum_weights=odds, k=length)
        for place in rng.sample(range(length), 1 + length // 10):
            text[place] = f"{'good' if rng.random() < mood else 'bad'}{rng.randrange(20)}"
        found.append((" ".join(text), int(mood > 0.5)))
    return found


def trained(folder: Path, rows: Sequence[tuple[str, int]]) -> str:
    """Train the baseline on a table of ``rows``; give its run's model."""
    os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{folder / 'mlflow.db'}"
    lines = ["text\tlabel", *(f"{text}\t{label}" for text, label in rows), ""]
    (folder / "reviews.tsv").write_text("\n".join(lines), encoding="utf-8")
    words = ["data=table", "data.path=reviews.tsv", f"training.epochs={EPOCHS}"]
    done = timed([sys.executable, "-m", "rcnn_sweep", *words], folder)
    found = re.search(r"Run (\w{32})", done.output)
    assert found is not None
    return f"runs:/{found[1]}/model"


def told_before(folder: Path, uri: str, texts: Sequence[str]) -> list[Known]:
    """Ask the model of each text with our command."""
    asked, answers = folder / "texts.jsonl", folder / "answers.jsonl"
    asked.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), "utf-8")
    words = ["predict", "--model", uri, "--file", str(asked), "--output", str(answers)]
    timed([sys.executable, "-m", "rcnn_sweep", *words], folder)
    rows = map(json.loads, answers.read_text("utf-8").splitlines())
    return [Known(row["text"], row["label"], row["probability"]) for row in rows]


def show(loads: Sequence[Load]) -> None:
    """Print the table of good requests, and that of hostile ones."""
    columns = [load.column() for load in loads]
    print(f"{'':32}", *(f"{load.clients:>8,} client{'s' * (load.clients > 1):1}" for load in loads))
    for name, *cells in zip(ROWS, *columns, strict=True):
        print(f"{name:32}", *(f"{cell:>16}" for cell in cells))
    one, many = (load.texts / load.seconds for load in loads)
    print(f"{loads[1].clients:,} clients: {many / one:.2f} times the throughput of one client")
    for fault, count in sum((load.faults for load in loads), Counter()).most_common(20):
        print(f"  {count:,} times {fault}")
    print("\nhostile requests: their number by the status that they got")
    for name, statuses in both(loads).items():
        told = ", ".join(f"{status}: {count:,}" for status, count in statuses.items())
        expected = HOSTILE[name].status
        wrong = "" if {*statuses} == {expected} else f"  EXPECTED {expected}"
        print(f"  {name:24} {told}{wrong}")


def both(loads: Sequence[Load]) -> dict[str, Counter[str]]:
    """Give the statuses of all loads by kind of request, in the order of :data:`HOSTILE`."""
    merged = {name: sum((load.statuses[name] for load in loads), Counter()) for name in HOSTILE}
    return {name: statuses for name, statuses in merged.items() if statuses}


def is_clean(loads: Sequence[Load]) -> bool:
    """Say whether each request was answered as it should be."""
    is_refused = all({*told} == {HOSTILE[name].status} for name, told in both(loads).items())
    return is_refused and not any(load.faults.total() for load in loads)


async def measured(server: Server, known: Sequence[Known], given: argparse.Namespace) -> bool:
    """Load the server as it comes up and print what came of it; says whether all was well."""
    began = time.monotonic()
    await server.wait()
    print(f"the server answers after {time.monotonic() - began:.1f} s\n", flush=True)
    loads = [Load(server, known, clients, given.hostile) for clients in (1, given.clients)]
    memory = [server.memory()]
    for load in loads:
        await load.run(given.seconds)
        await asyncio.sleep(1)
        memory.append(server.memory())
    if given.hostile:
        await loads[-1].try_each()
    show(loads)
    print(
        "\nmemory of the server's processes, MiB: {:,} before, {:,} after one client, {:,} after "
        "all; {:,} at most".format(*memory, server.peak)
    )
    if server.has_died:
        print(f"the server died with {server.process.returncode}")
    return is_clean(loads) and not server.has_died


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", help="default: the baseline, trained on made-up reviews")
    parser.add_argument("--texts", type=Path, help="a table with a column text")
    parser.add_argument("--rows", type=int, default=2000, help="made-up reviews to train on")
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--hostile", type=float, default=0.05, help="their share of the requests")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        rows = made_up(given.rows)
        uri = given.model or trained(folder, rows)
        texts = [text for text, _ in rows[:500]]
        if given.texts:
            read = from_file(given.texts.absolute(), None)
            texts = [entry.text for entry in itertools.islice(read, 500) if entry and entry.text]
        known = told_before(folder, uri, [*ODD, *texts])
        apart = len({round(entry.probability, 5) for entry in known})
        words = [len(text.split()) for text in texts]
        print(f"load of the machine {os.getloadavg()[0]:.2f}")
        print(
            f"{uri}: {len(texts)} texts of {min(words)} to {max(words)} words, "
            f"median {statistics.median(words):.0f}, with {apart} different answers"
        )
        server = Server.start(uri, folder)
        try:
            is_well = asyncio.run(measured(server, known, given))
        finally:
            left = server.end()
        log = server.log.read_text(errors="replace")
        raised = Counter(re.findall(r"^(\w*(?:Error|Exception|Disconnect))\b", log, re.MULTILINE))
        print("exceptions in the server's log:", dict(raised) or "none")
        print("processes left:", left or "none")
    return 0 if is_well and not left else 1


if __name__ == "__main__":
    sys.exit(main())
