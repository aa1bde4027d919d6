"""Health checks for any host name and over plain HTTP; metrics for local requests or with a token."""

import pytest
from django.db import connection
from prometheus_client.parser import text_string_to_metric_families

from registrations.models import Registration
from tests.convention.tasks import sample_tasks

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_answer_for_any_host_and_over_http(client, settings, path):
    settings.ALLOWED_HOSTS = ["convention.example"]
    settings.SECURE_SSL_REDIRECT = True

    answer = client.get(path, headers={"host": "10.0.0.3"})

    assert answer.status_code == 200
    assert answer.content == b"ok\n"
    assert answer["Cache-Control"] == "no-store"


def test_other_pages_refuse_unknown_host(client, settings):
    settings.ALLOWED_HOSTS = ["convention.example"]
    assert client.get("/", headers={"host": "10.0.0.3"}).status_code == 400


@pytest.mark.django_db(transaction=True)
def test_readyz_reports_unreachable_database(client, monkeypatch):
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "NAME", "/nowhere/at/all")
    answer = client.get("/readyz")
    monkeypatch.undo()

    connection.close()

    assert answer.status_code == 503
    assert answer.content == b"the database does not answer\n"


@pytest.mark.django_db(transaction=True)
def test_metrics_count_tasks_and_rows(client):
    sample_tasks.fail_always.enqueue()
    figures = parse_metrics(client.get("/metrics").content.decode())

    assert figures["convention_tasks", "ready"] == 1
    assert figures["convention_rows", "registrations.Registration"] == Registration.objects.count()
    assert figures["convention_task_wait_seconds",] == 0
    assert figures["convention_database_up",] == 1


def parse_metrics(text: str) -> dict[tuple[str, ...], float]:
    """Parse Prometheus' format: values by name and labels."""
    families = text_string_to_metric_families(text)
    samples = [sample for family in families for sample in family.samples]
    return {(sample.name, *sample.labels.values()): sample.value for sample in samples}


@pytest.mark.parametrize(
    ("accept", "content_type", "end"),
    [
        ("", "text/plain; version=0.0.4; charset=utf-8", ""),
        ("text/plain;version=0.0.4", "text/plain; version=0.0.4; charset=utf-8", ""),
        (
            "application/openmetrics-text",
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
            "# EOF\n",
        ),
        ("application/openmetrics-text;version=one", "text/plain; version=0.0.4; charset=utf-8", ""),
    ],
)
def test_metrics_format_follows_accept_header(client, accept, content_type, end):
    answer = client.get("/metrics", headers={"Accept": accept})

    assert answer["Content-Type"] == content_type
    assert answer.content.decode().endswith(end)
    assert answer.content.count(b"# TYPE convention_rows gauge\n") == 1


@pytest.mark.parametrize(
    ("remote", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("192.0.2.1", {}, 403),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.1"}, 403),
        ("192.0.2.1", {"Authorization": "Bearer secret"}, 200),
        ("192.0.2.1", {"Authorization": "Bearer other"}, 403),
        ("192.0.2.1", {"Authorization": "Bearer "}, 403),
    ],
)
def test_metrics_need_local_address_or_token(client, settings, remote, headers, status):
    settings.METRICS_TOKEN = "secret"
    assert client.get("/metrics", REMOTE_ADDR=remote, headers=headers).status_code == status


def test_empty_token_is_refused_if_no_token_is_configured(client, settings):
    settings.METRICS_TOKEN = ""
    answer = client.get("/metrics", REMOTE_ADDR="192.0.2.1", headers={"Authorization": "Bearer "})

    assert answer.status_code == 403
