"""Start several processes, restart those that end, and stop all together."""

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

# After this time a process that should stop is killed; longer than granian's own 8 seconds for its workers.
STOP_TIMEOUT_SECONDS = 12.0
# A process that ran for this long counts as stable, and its failures are forgotten.
STEADY_AFTER_SECONDS = 10.0
MAX_PAUSE_SECONDS = 30.0
PR_SET_PDEATHSIG = 1  # prctl(2): send a signal to this process when its parent ends
IS_LINUX = sys.platform == "linux"
LIBC = ctypes.CDLL(None)


@dataclass
class ManagedProcess:
    """One process to keep running: its display name, its command, and its failures in a row."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    failure_count: int = 0
    restart_at: float = 0.0

    def start_process(self) -> None:
        """Start it in its own session, so that Ctrl-C reaches only the supervisor."""
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603 (commands are ours)
            self.command,
            start_new_session=True,
            preexec_fn=end_with_parent if IS_LINUX else None,  # noqa: PLW1509 (the supervisor has one thread)
        )

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def send_signal(self, number: int) -> None:
        """Send a signal to the process and its children."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)


def end_with_parent() -> None:
    """Ask Linux to end this process when the supervisor is killed."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Supervisor:
    """Keeps its processes running until `stopping` is set."""

    processes: Sequence[ManagedProcess]
    print_notice: Callable[[str], None]
    stopping: threading.Event = field(default_factory=threading.Event)

    def run(self, *, when_started: Callable[[], None] = lambda: None) -> None:
        """Start all, call `when_started`, and watch until Ctrl-C or SIGTERM; then stop all."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # Only a flag: work in a signal handler could interrupt itself.
            signal.signal(number, lambda *_: self.stopping.set())
        try:
            for child in self.processes:
                child.start_process()
            when_started()
            while not self.stopping.wait(0.2):
                self.restart_ended()
        finally:
            self.stop_all()

    def restart_ended(self) -> None:
        """Restart ended processes: at once the first time, later after a growing pause."""
        now = time.monotonic()
        for child in self.processes:
            if child.is_running:
                continue
            if child.restart_at == 0.0:
                self.schedule_restart(child, now)
            if now >= child.restart_at:
                child.restart_at = 0.0
                child.start_process()

    def schedule_restart(self, child: ManagedProcess, now: float) -> None:
        """Report the end of a process and set the time of its restart."""
        # A process that ran well for a while restarts at once; a crash loop slows down to MAX_PAUSE_SECONDS.
        child.failure_count = 0 if now - child.started_at > STEADY_AFTER_SECONDS else child.failure_count + 1
        pause = min(MAX_PAUSE_SECONDS, 2.0**child.failure_count - 1)
        child.restart_at = now + pause
        status = child.process.returncode if child.process else None
        self.print_notice(f"The {child.name} ended (status {status}); it starts again in {pause:.0f} s.")

    def stop_all(self) -> None:
        """Stop all processes; kill those that do not stop in time."""
        for child in self.processes:
            if child.is_running and child.process:
                # The process alone, not its group: granian ends its own workers.
                child.process.terminate()
        deadline = time.monotonic() + STOP_TIMEOUT_SECONDS
        while any(child.is_running for child in self.processes) and time.monotonic() < deadline:
            time.sleep(0.05)
        for child in self.processes:
            # The whole group, also of processes that have ended: their children must not survive as orphans.
            child.send_signal(signal.SIGKILL)
