"""The supervisor restarts processes that end, and stops all of them together."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from convention.serve.supervisor import MAX_PAUSE_SECONDS, ManagedProcess, Supervisor

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def stop_after_timeout(supervisor: Supervisor) -> threading.Timer:
    """Stop the supervisor after 15 seconds in any case, so that a failing test ends."""
    timer = threading.Timer(15, supervisor.stopping.set)
    timer.daemon = True
    timer.start()
    return timer


def run_until(supervisor: Supervisor, condition) -> None:
    """Run until the condition holds, then stop as Ctrl-C would."""
    watch, guard = supervisor.restart_ended, stop_after_timeout(supervisor)

    def watched() -> None:
        watch()
        if condition():
            os.kill(os.getpid(), signal.SIGINT)

    supervisor.restart_ended = watched
    before = (
        signal.getsignal(signal.SIGINT),
        signal.getsignal(signal.SIGTERM),
        signal.getsignal(signal.SIGHUP),
    )
    supervisor.run()
    for number, handler in zip((signal.SIGINT, signal.SIGTERM, signal.SIGHUP), before, strict=True):
        signal.signal(number, handler)
    guard.cancel()


def test_ended_process_is_restarted_and_all_stop_together(tmp_path: Path):
    marks = tmp_path / "marks"
    short = ManagedProcess("worker", [sys.executable, "-c", f"open({str(marks)!r}, 'a').write('x')"])
    long = ManagedProcess("server", SLEEP)
    said: list[str] = []

    run_until(Supervisor([long, short], said.append), lambda: marks.exists() and len(marks.read_text()) >= 2)

    assert said[0] == "The worker ended (status 0); it starts again in 1 s."
    assert not long.is_running
    assert not short.is_running
    assert long.process.returncode == -signal.SIGTERM


def test_restart_pause_grows_up_to_a_limit():
    part = ManagedProcess("worker", SLEEP, started_at=100.0)
    supervisor = Supervisor([part], lambda _: None)
    pauses = []

    for _ in range(7):
        supervisor.schedule_restart(part, now=101.0)
        pauses.append(part.restart_at - 101.0)

    assert pauses == [1, 3, 7, 15, MAX_PAUSE_SECONDS, MAX_PAUSE_SECONDS, MAX_PAUSE_SECONDS]


def test_process_that_ran_long_is_restarted_at_once():
    part = ManagedProcess("worker", SLEEP, started_at=100.0, failure_count=4)
    Supervisor([part], lambda _: None).schedule_restart(part, now=200.0)

    assert part.failure_count == 0
    assert part.restart_at == 200.0


def test_killing_the_supervisor_ends_managed_processes(tmp_path: Path):
    pid_file = tmp_path / "pid"
    child = f"import os, time; open({str(pid_file)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    parent = (
        "import sys\nfrom convention.serve.supervisor import ManagedProcess, Supervisor\n"
        f"Supervisor([ManagedProcess('server', [sys.executable, '-c', {child!r}])], print).run()"
    )
    supervisor = subprocess.Popen([sys.executable, "-c", parent])
    end = time.monotonic() + 10
    while not (pid_file.exists() and pid_file.read_text()) and time.monotonic() < end:
        time.sleep(0.05)
    supervisor.kill()
    supervisor.wait()

    while is_alive(int(pid_file.read_text())) and time.monotonic() < end:
        time.sleep(0.05)

    assert not is_alive(int(pid_file.read_text()))


def is_alive(pid: int) -> bool:
    """Return whether the process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
