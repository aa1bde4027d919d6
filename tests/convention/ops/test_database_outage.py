"""Servers with an unreachable, silent or unmigrated database: probes report it within seconds."""

import contextlib
import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from convention.serve import processes
from tests.bench.site import free_port, wait_until_ready
from tests.conftest import ROOT, database_url


@contextlib.contextmanager
def run_server(database: str, folder: Path, workers: int = 1, **settings: str):
    """Start a server in production mode; yield its port; its log is in `folder/log`."""
    port = free_port()
    environment = os.environ | {
        "DATABASE_URL": database, "VAR_DIR": str(folder), "MODE": "production", "SECRET_KEY": "k" * 60,
        "ALLOWED_HOSTS": "*", "SECURE_SSL_REDIRECT": "off", "EMAIL_URL": "dummymail://",
        "STATIC_ROOT": str(folder / "static"), "BEHIND_PROXY": "true", **settings,
    }  # fmt: skip
    place = processes.ServerAddress("127.0.0.1", port, f"http://127.0.0.1:{port}")
    command = [*processes.server_process(place).command, "--workers", str(workers), "--log-level", "error"]
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(command, cwd=ROOT, env=environment, stderr=log) as server,
    ):
        try:
            wait_until_ready(port)
            yield port
        finally:
            server.terminate()
            server.wait(timeout=30)


def fetch(port: int, path: str, **headers: str) -> tuple[int, str, float]:
    """Return status, body and seconds."""
    began = time.monotonic()
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode(), time.monotonic() - began
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), time.monotonic() - began


@pytest.fixture
def silent_database():
    """Run a database that accepts connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(50)
        yield f"postgres://nobody@127.0.0.1:{listener.getsockname()[1]}/silent"


@pytest.mark.long
def test_silent_database_is_reported_within_seconds(silent_database, tmp_path):
    with run_server(silent_database, tmp_path) as port:
        for _again in range(2):
            status, said, seconds = fetch(port, "/readyz")
            assert status == 503
            assert said == "the database does not answer\n"
            assert seconds < 4
        assert fetch(port, "/healthz")[:2] == (200, "ok\n")
        status, figures, seconds = fetch(port, "/metrics")
        assert status == 200
        assert seconds < 4
        assert "convention_database_up 0.0\n" in figures


@pytest.mark.long
def test_unreachable_database_fails_requests_without_stopping_server(tmp_path):
    with run_server(f"postgres://nobody@127.0.0.1:{free_port()}/away", tmp_path) as port:
        assert fetch(port, "/readyz")[:2] == (503, "the database does not answer\n")
        assert fetch(port, "/events/convention/?email=zoe@example.org")[0] == 503
        assert fetch(port, "/api/v1/events/convention/", Authorization="Bearer nothing")[0] == 503

    assert [(line["method"], line["route"], line["status"]) for line in access_lines(tmp_path)] == [
        ("GET", "event", 503),
        ("GET", "api-event", 503),
    ]
    assert "zoe" not in (tmp_path / "log").read_text()


@pytest.mark.long
@pytest.mark.once
@pytest.mark.parametrize("host", ["evil.example", "a_b", "[::1", "example.org:port", "x" * 2000])
def test_invalid_host_is_logged_as_one_short_warning(tmp_path, host):
    (tmp_path / "static").mkdir()
    database = f"sqlite:///{tmp_path}/new.sqlite3"
    with run_server(database, tmp_path, ALLOWED_HOSTS="convention.example") as port:
        status = fetch(port, "/api/v1/events/none/", Host=host)[0]

    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    refusals = [line for line in lines if line["logger"] != "convention.access"]
    assert status == 400
    assert [(line["logger"], line["level"], "error" in line) for line in refusals] == [
        ("django.security.DisallowedHost", "warning", False)
    ]
    assert len(refusals[0]["message"]) < 200


def access_lines(folder: Path) -> list[dict]:
    """Return the logged requests."""
    lines = [json.loads(line) for line in (folder / "log").read_text().splitlines()]
    return [line for line in lines if line["logger"] == "convention.access"]


def test_unmigrated_database_is_not_ready(tmp_path):
    with run_server(f"sqlite:///{tmp_path}/new.sqlite3", tmp_path) as port:
        assert fetch(port, "/readyz")[:2] == (503, "migrations wait: run manage.py migrate\n")


@pytest.mark.long
@pytest.mark.once
def test_two_processes_share_metrics_and_log_each_request_once(transactional_db, tmp_path):
    brought = "abcdef0123456789"
    with run_server(database_url(), tmp_path, workers=2) as port:
        fetch(port, "/static/nothing.css")
        for given in (brought, "not one", *[brought] * 18):
            fetch(port, "/api/v1/events/none/?name=Zoe", **{"X-Request-Id": given})
        told = [fetch(port, "/metrics")[1] for _again in range(6)]

    figures = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(told[-1])
        for sample in family.samples
    }

    assert figures["convention_http_requests_total", "GET", "api-event", "404"] == 20
    assert figures["convention_http_request_duration_seconds_count", "GET", "api-event"] == 20
    assert figures["convention_database_up",] == 1
    assert len({text.partition("# HELP convention_database_up")[0] for text in told}) == 1

    lines = access_lines(tmp_path)

    assert [line["route"] for line in lines] == ["static", *["api-event"] * 20]
    assert [line["request"] == brought for line in lines].count(True) == 19
    assert "Zoe" not in (tmp_path / "log").read_text()
