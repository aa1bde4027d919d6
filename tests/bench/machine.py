"""The speed of the machine itself, with all cores busy: to compare figures of two machines or two days."""

import hashlib
import json
import multiprocessing
import os
import time
from collections.abc import Iterator

from tests.bench.figures import Figure
from tests.bench.site import Site

SECONDS = 5


def figures(_site: Site) -> Iterator[Figure]:
    """Measure the same plain Python work, without the product, in one process for each core."""
    cores = os.cpu_count() or 1
    with multiprocessing.get_context("spawn").Pool(cores) as pool:
        counts = pool.map(count_rounds, [SECONDS] * cores)
    yield Figure("this machine: plain Python work on all cores", sum(counts) / SECONDS, "/s")


def count_rounds(seconds: float) -> int:
    """Return how often this process encodes, decodes, sorts and hashes the same data in `seconds`."""
    rows = [{"name": f"Zoé {number}", "number": number, "tags": ["a", "b"]} for number in range(20)]
    count, end = 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        decoded = json.loads(json.dumps(rows))
        ordered = sorted(decoded, key=lambda row: row["name"])
        hashlib.sha256("".join(str(row["number"]) for row in ordered).encode()).hexdigest()
        count += 1
    return count
