"""Several machines share pages and count limits together on a real Valkey or Redis server."""

import os
import shutil
import subprocess
import sys

import pytest
from django.db import OperationalError

from convention.web.shared_cache import SharedCache
from tests.bench.site import free_port
from tests.conftest import ROOT
from tests.faults.processes import wait_until

pytestmark = pytest.mark.once
SERVER = shutil.which("valkey-server") or shutil.which("redis-server")


@pytest.fixture
def server(tmp_path):
    """Run a cache server for this test; return its address and its process."""
    if SERVER is None:
        pytest.skip("needs valkey-server or redis-server")
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    with (
        (tmp_path / "cache.log").open("wb") as log,
        subprocess.Popen([SERVER, *options], stdout=log, stderr=log) as process,
    ):
        try:
            cache = open_cache(f"redis://127.0.0.1:{port}/1")
            wait_until(lambda: is_answering(cache), what="an answer of the cache server")
            yield f"127.0.0.1:{port}/1", process
        finally:
            process.kill()


def open_cache(address):
    return SharedCache(address, {"KEY_PREFIX": "limits"})


def is_answering(cache):
    try:
        cache.get("x")
    except OperationalError:
        return False
    return True


COUNT_SCRIPT = """
from convention.api.throttles import seconds_until_allowed
from django.core.cache import cache
waits = [seconds_until_allowed("mail", "a@example.org", limit=3, window_seconds=360000) for each in range(2)]
print(cache.get("page"), [bool(wait) for wait in waits])
cache.set("page", b"content", 60)
"""


def count_on_another_machine(address, folder):
    """Use the limit twice in a process with settings and a folder of its own; return what it printed."""
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", COUNT_SCRIPT],
        env={
            **os.environ,
            "MODE": "test",
            "SECRET_KEY": "k" * 60,
            "CACHE_URL": f"rediscache://{address}",
            "VAR_DIR": str(folder),
        },
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout.strip()


def test_machines_share_cached_pages_and_rate_limits(server, tmp_path):
    address, _process = server

    first = count_on_another_machine(address, tmp_path / "a")
    second = count_on_another_machine(address, tmp_path / "b")

    assert first == "None [False, False]"
    assert second == "b'content' [False, True]"


def test_unavailable_cache_server_raises_operational_error(server):
    address, process = server
    cache = open_cache(f"redis://{address}")

    cache.add("n", 1, 60)

    assert cache.incr("n") == 2

    process.kill()
    process.wait()

    with pytest.raises(OperationalError, match="The shared cache does not answer"):
        cache.get("n")
