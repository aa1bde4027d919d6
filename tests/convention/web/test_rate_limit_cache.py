"""Rate limits are counted by all processes of the machine together, and other keys evict no count."""

import subprocess
import sys
import time

import pytest
from django.conf import settings as project_settings
from django.core.cache import cache, caches
from django.db import OperationalError

from convention.api.throttles import TooManyRequests, consume_rate_limit
from convention.web.rate_limit_cache import LimitsFileCache, limits_cache
from tests.factories import make_person
from tests.threads import run_in_threads

LOGIN = "/en/accounts/login/"
COUNT_SCRIPT = """
import sys
from django.conf import settings
settings.configure(USE_TZ=True)
from convention.web.rate_limit_cache import LimitsFileCache
file = LimitsFileCache(sys.argv[1], {})
for _each in range(200):
    file.add("n", 0, 60)
    file.incr("n")
"""


@pytest.fixture
def file(tmp_path):
    return LimitsFileCache(str(tmp_path / "new" / "limits.sqlite3"), {})


def test_many_other_keys_evict_no_count(settings):
    settings.RATE_LIMITS = "on"
    consume_rate_limit("mail", "a@example.org", limit=1, window_seconds=3600)

    for number in range(6000):
        limits_cache.add(f"flood-{number}", 0, 3600)
        cache.set(f"page-{number}", "", 3600)

    with pytest.raises(TooManyRequests):
        consume_rate_limit("mail", "a@example.org", limit=1, window_seconds=3600)


@pytest.mark.django_db
def test_failed_sign_ins_are_counted_outside_default_cache(client, settings):
    settings.ACCOUNT_RATE_LIMITS = settings.SIGN_IN_LIMITS
    make_person(email="ana@example.org", password="right and long")

    for _try in range(6):
        cache.clear()
        answer = client.post(LOGIN, {"login": "ana@example.org", "password": "wrong"})

    assert "Too many failed attempts." in answer.content.decode()


def test_processes_count_together(file):
    asked = [
        subprocess.Popen([sys.executable, "-c", COUNT_SCRIPT, file.path], cwd=project_settings.BASE_DIR)
        for _each in range(3)
    ]

    assert [one.wait(timeout=60) for one in asked] == [0, 0, 0]
    assert file.get("n") == 600


def test_threads_count_together(file):
    file.set("n", 0, 60)
    counts = run_in_threads([lambda: file.incr("n")] * 100, threads=8)

    assert sorted(counts) == list(range(1, 101))


def test_file_cache_implements_cache_interface(file):
    assert file.get("a", "nothing") == "nothing"
    assert file.add("a", [1.5], 60) is True
    assert file.add("a", [2], 60) is False
    assert file.get("a") == [1.5]

    file.set("a", 3, None)

    assert file.incr("a", 4) == 7
    assert file.decr("a") == 6
    assert file.touch("a", 60) is True
    assert file.delete("a") is True
    assert file.delete("a") is False
    assert file.touch("a", 60) is False
    with pytest.raises(ValueError, match="a"):
        file.incr("a")

    file.set("b", 1, 60)
    file.clear()

    assert file.get("b") is None


def test_expired_entries_are_ignored_and_deleted(file):
    file.set("a", 1, 0.01)
    time.sleep(0.02)

    assert file.get("a") is None
    assert file.add("a", 2, 60) is True
    assert file.get("a") == 2

    for number in range(3000):
        file.set(f"old-{number}", 1, -1)
    for number in range(6000):
        file.add(f"new-{number}", 1, 60)

    assert file._run("SELECT count(*) FROM entries WHERE expires_at <= :now") == [(0,)]


def test_unusable_file_raises_operational_error(tmp_path):
    (tmp_path / "limits").mkdir()
    with pytest.raises(OperationalError, match="limits: unable to open"):
        LimitsFileCache(str(tmp_path / "limits"), {}).get("a")


def test_limits_use_file_unless_shared_cache_is_configured(tmp_path):
    assert isinstance(caches["limits"], LimitsFileCache)
    code = "import json; from django.conf import settings; print(json.dumps(settings.CACHES))"
    told = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", code],
        env={"MODE": "test", "CACHE_URL": "rediscache://host:6379/1", "PATH": "", "VAR_DIR": str(tmp_path)},
        cwd=project_settings.BASE_DIR, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert told.count('"redis://host:6379/1"') == 2
    assert '"KEY_PREFIX": "limits"' in told
