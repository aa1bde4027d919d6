"""A separate PostgreSQL for one test, which may be stopped at any moment."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.faults.processes import free_port


class Cluster:
    """One database with the content of another; `crash()` and `start()` it at will."""

    def __init__(self, copied_from: str) -> None:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        if not found:
            pytest.skip("no PostgreSQL server here")
        self.bin, self.port = found[-1].parent, free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="convention-faults-"))
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/postgres"
        if os.getuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        self._run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        self.start()
        dump = subprocess.run(
            [self.bin / "pg_dump", "-Fp", "-d", copied_from], check=True, capture_output=True
        )
        subprocess.run([self.bin / "psql", "-q", "-d", self.url], input=dump.stdout, check=True, stdout=-3)

    @property
    def data(self) -> str:
        return str(self.folder / "data")

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder}"
        log = str(self.folder / "log")
        self._run("pg_ctl", "-D", self.data, "-w", "-t", "60", "-l", log, "-o", options, "start")

    def crash(self) -> None:
        """Stop at once, like a power cut: the next start replays the log."""
        self._run("pg_ctl", "-D", self.data, "-m", "immediate", "stop")

    def freeze(self) -> None:
        """Suspend it, like a machine whose disk does not answer; `thaw()` resumes it."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        main = int((Path(self.data) / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
        for pid in [main, *map(int, children)]:
            os.kill(pid, number)

    def stop(self) -> None:
        """Stop in order: end connections, roll back what is under way."""
        self._run("pg_ctl", "-D", self.data, "-m", "fast", "-w", "stop")

    def count(self, query: str) -> int:
        """Return the single number of a query."""
        done = subprocess.run(
            [self.bin / "psql", "-Atq", "-d", self.url, "-c", query],
            check=True,
            capture_output=True,
            text=True,
        )
        return int(done.stdout.split()[0])

    def remove(self) -> None:
        with contextlib.suppress(subprocess.CalledProcessError):
            self.crash()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self.bin / program), *arguments]
        if os.getuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        subprocess.run(command, check=True, cwd="/", stdin=-3, stdout=-3, stderr=-3)
