"""Counts of several processes, in files that prometheus_client's own reader understands."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector

from convention.ops.metric_files import (
    HEADER_FORMAT,
    MetricFile,
    find_complete_files,
    read_process_metrics,
    remove_files_of_dead_processes,
)
from tests.conftest import ROOT

COUNT_SCRIPT = """
import os, sys
from pathlib import Path
from prometheus_client import CollectorRegistry, Counter, Histogram, values
from convention.ops.metric_files import FileValue

FileValue.folder = Path(sys.argv[1])
values.ValueClass = FileValue
registry = CollectorRegistry()
visits = Counter("visits", "Visits.", ["page"], registry=registry)
seconds = Histogram("seconds", "Time.", buckets=(0.1, 1), registry=registry)
for number in range(3):
    visits.labels("Café").inc()
    seconds.observe(0.5)
if sys.argv[2] == "fork":
    child = os.fork()
    visits.labels("Café").inc(10)
    visits.labels("other").inc()
    if child:
        os.waitpid(child, 0)
print(os.getpid())
"""


def count(folder: Path, how: str = "alone") -> list[int]:
    """Count in one or two separate processes; return their ids."""
    done = subprocess.run(
        [sys.executable, "-c", COUNT_SCRIPT, str(folder), how],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [int(line) for line in done.stdout.split()]


def samples(metrics) -> dict[tuple[str, ...], float]:
    return {(s.name, *s.labels.values()): s.value for metric in metrics for s in metric.samples}


def test_metrics_of_processes_add_up_as_in_prometheus_client(tmp_path):
    count(tmp_path), count(tmp_path)

    by_library = CollectorRegistry()
    MultiProcessCollector(by_library, path=str(tmp_path))
    found = samples(read_process_metrics(tmp_path))

    assert found == samples(by_library.collect())
    assert found["visits_total", "Café"] == 6
    assert found["seconds_bucket", "0.1"] == 0
    assert found["seconds_bucket", "1.0"] == 6
    assert found["seconds_sum",] == 3
    assert found["seconds_count",] == 6


def test_forked_process_counts_from_zero_in_its_own_file(tmp_path):
    assert len(set(count(tmp_path, "fork"))) == 2

    found = samples(read_process_metrics(tmp_path))

    assert found["visits_total", "Café"] == 3 + 2 * 10
    assert found["visits_total", "other"] == 2


def test_files_of_processes_that_ended_are_removed(tmp_path):
    count(tmp_path)
    (tmp_path / f"counter_{os.getpid()}.db").write_bytes(HEADER_FORMAT.pack(HEADER_FORMAT.size))

    remove_files_of_dead_processes(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == [f"counter_{os.getpid()}.db"]


@pytest.mark.parametrize("content", [b"", b"\0\0", HEADER_FORMAT.pack(0)])
def test_file_without_entries_counts_nothing(tmp_path, content):
    (tmp_path / "counter_1.db").write_bytes(content)

    assert read_process_metrics(tmp_path) == []
    assert len(list(find_complete_files(tmp_path))) == (len(content) == HEADER_FORMAT.size)


def test_unwritable_folder_stores_no_metrics_and_raises_nothing(tmp_path):
    (tmp_path / "metrics").write_text("a file stands where the folder should be")
    file = MetricFile(tmp_path / "metrics", "counter")

    file.put(file.add("visits"), 1.0)

    assert read_process_metrics(tmp_path / "metrics") == []
