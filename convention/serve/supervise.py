"""Start several processes, restart those that die, stop all together."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

PATIENCE = 12.0
"""Seconds that a process has to end in peace."""
STEADY = 10.0
"""Seconds after which a process counts as started well."""
LONGEST_PAUSE = 30.0
DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG
LINUX = sys.platform == "linux"
LIBC = ctypes.CDLL(None)


@dataclass
class Part:
    """One process to keep alive: its name for people, its command, and how often it has failed in a row."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0
    resume: float = 0.0

    def start(self) -> None:
        """Start it in a session of its own, so that Ctrl-C reaches only the supervisor."""
        self.started = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603 (commands are ours)
            self.command,
            start_new_session=True,
            preexec_fn=end_with_parent if LINUX else None,  # noqa: PLW1509 (the supervisor has one thread)
        )

    @property
    def running(self) -> bool:
        """Whether it runs now."""
        return self.process is not None and self.process.poll() is None

    def send(self, number: int) -> None:
        """Send a signal to it and all it started."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)


def end_with_parent() -> None:
    """Ask Linux to end this process when the supervisor is killed."""
    LIBC.prctl(DIE_WITH_PARENT, signal.SIGTERM)


@dataclass
class Supervisor:
    """Keeps its parts alive until it is told to stop."""

    parts: Sequence[Part]
    say: Callable[[str], None]
    stopping: threading.Event = field(default_factory=threading.Event)

    def run(self, *, when_started: Callable[[], None] = lambda: None) -> None:
        """Start all, call `when_started`, and watch until Ctrl-C or SIGTERM; then stop all."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self.stopping.set())
        try:
            for part in self.parts:
                part.start()
            when_started()
            while not self.stopping.wait(0.2):
                self.watch()
        finally:
            self.stop()

    def watch(self) -> None:
        """Restart what died: at once the first time, later after a growing pause."""
        now = time.monotonic()
        for part in self.parts:
            if part.running:
                continue
            if part.resume == 0.0:
                self.note_death(part, now)
            if now >= part.resume:
                part.resume = 0.0
                part.start()

    def note_death(self, part: Part, now: float) -> None:
        """Say that it died, and when it will be started again."""
        part.failures = 0 if now - part.started > STEADY else part.failures + 1
        pause = min(LONGEST_PAUSE, 2.0**part.failures - 1)
        part.resume = now + pause
        status = part.process.returncode if part.process else None
        self.say(f"The {part.name} ended (status {status}); it starts again in {pause:.0f} s.")

    def stop(self) -> None:
        """End all parts, in peace if they can."""
        for part in self.parts:
            if part.running and part.process:
                part.process.terminate()
        end = time.monotonic() + PATIENCE
        while any(part.running for part in self.parts) and time.monotonic() < end:
            time.sleep(0.05)
        for part in self.parts:
            part.send(signal.SIGKILL)
