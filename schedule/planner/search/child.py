"""The child process of run_search.py: reads a pickled task from stdin, writes pickled reports to stdout."""

import pickle
import sys
from contextlib import suppress

from .tasks import run_task


def main() -> None:
    """Run one task and stream its reports."""
    task = pickle.load(sys.stdin.buffer)  # noqa: S301 (written by our own parent)
    for report in filter(None, run_task(task)):
        pickle.dump(report, sys.stdout.buffer, pickle.HIGHEST_PROTOCOL)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    # The terminal interrupts the whole group of processes: only the parent reports it.
    with suppress(KeyboardInterrupt):
        main()
