"""A Slurm cluster of one node that tests start for themselves, on loopback, without accounting."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from servers import free_port
from small import HANGS

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "scontrol")
"""On Debian in the packages munge, slurmctld, slurmd and slurm-client."""

CPUS = 4
"""Jobs of one CPU each that run at a time, whatever the machine has."""

SETTINGS = """
ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=batch_sched_delay=0,sched_interval=2
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=10
NodeName=node NodeHostname={host} NodeAddr=127.0.0.1 Port={node} CPUs={cpus}
PartitionName=main Nodes=node Default=YES MaxTime=INFINITE State=UP
"""


def _missing() -> str:
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    absent = [program for program in PROGRAMS if shutil.which(program, path=path) is None]
    if absent:
        return f"Slurm is not installed: {', '.join(absent)}"
    return "" if os.geteuid() == 0 else "Slurm's daemons need root"


needs_slurm = pytest.mark.skipif(bool(_missing()), reason=_missing())


@dataclass
class SlurmCluster:
    """The cluster in its folder; programs find it by ``SLURM_CONF``."""

    folder: Path
    daemons: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def settings(self) -> Path:
        return self.folder / "slurm.conf"

    @property
    def environment(self) -> dict[str, str]:
        path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
        return {**os.environ, "PATH": path, "SLURM_CONF": str(self.settings)}

    def ask(self, *words: str) -> list[str]:
        """The lines that one of Slurm's programs prints."""
        done = subprocess.run(
            words, env=self.environment, capture_output=True, text=True, timeout=HANGS, check=False
        )
        return done.stdout.splitlines()

    def jobs(self, state: str = "RUNNING,PENDING,COMPLETING") -> list[str]:
        return self.ask("squeue", "--noheader", "--format=%i", f"--states={state}")

    def export(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Have the programs that a test starts find the cluster."""
        for name in ("PATH", "SLURM_CONF"):
            monkeypatch.setenv(name, self.environment[name])

    def wait_until_empty(self) -> None:
        """Wait for jobs that are just ending; none may stay."""
        deadline = time.monotonic() + 30
        while jobs := self.jobs():
            assert time.monotonic() < deadline, f"jobs {jobs} were left behind"
            time.sleep(0.1)

    def start(self) -> None:
        (self.folder / "state").mkdir()
        (self.folder / "spool").mkdir()
        places = {"host": socket.gethostname().partition(".")[0], "folder": self.folder}
        ports = {"controller": free_port(), "node": free_port()}
        self.settings.write_text(SETTINGS.format(**places, **ports, cpus=CPUS))
        self._start(*self._munged())
        self._wait((self.folder / "munge" / "socket").exists)
        self._start("slurmctld", "-D")
        self._start("slurmd", "-D", "-N", "node")
        self._wait(lambda: self.ask("sinfo", "--noheader", "--states=idle", "--format=%D") == ["1"])

    def _munged(self) -> list[str]:
        home = self.folder / "munge"
        home.mkdir()
        key = home / "key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        for path in (home, key):
            shutil.chown(path, "munge", "munge")
        files = [f"--{name}={home / name.partition('-')[0]}" for name in
                 ("socket", "key-file", "pid-file", "log-file", "seed-file")]  # fmt: skip
        return ["runuser", "-u", "munge", "--", "munged", "--foreground", *files]

    def _start(self, *words: str) -> None:
        with (self.folder / f"{len(self.daemons)}.log").open("wb") as log:
            self.daemons.append(
                subprocess.Popen(
                    words,
                    env=self.environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            )

    def _wait(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 60
        while not condition():
            logs = "".join(path.read_text() for path in sorted(self.folder.glob("*.log")))
            assert time.monotonic() < deadline, f"no Slurm cluster came up:\n{logs}"
            assert all(daemon.poll() is None for daemon in self.daemons), logs
            time.sleep(0.1)

    def stop(self) -> None:
        """End jobs and daemons: all processes that were given this cluster's settings."""
        for daemon in reversed(self.daemons):
            daemon.terminate()
        for process in psutil.process_iter():
            if process.pid != os.getpid() and self._is_of_this(process):
                process.kill()
        for daemon in self.daemons:
            daemon.wait(HANGS)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _is_of_this(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get("SLURM_CONF") == str(self.settings)
        except psutil.Error:
            return False


@pytest.fixture(scope="module")
def slurm_cluster() -> Iterator[SlurmCluster]:
    folder = Path(tempfile.mkdtemp(prefix="rcnn-slurm-"))
    folder.chmod(0o755)
    cluster = SlurmCluster(folder)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
