"""Probes: by whatever name they ask, over plain http; figures for those who may see them."""

import pytest
from django.db import connection

from registrations.models import Registration
from tests.convention import queued

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_answer_by_address_and_over_http(client, settings, path):
    settings.ALLOWED_HOSTS = ["convention.example"]
    settings.SECURE_SSL_REDIRECT = True
    answer = client.get(path, headers={"host": "10.0.0.3"})
    assert (answer.status_code, answer.content, answer["Cache-Control"]) == (200, b"ok\n", "no-store")


def test_everything_else_asks_for_the_name(client, settings):
    settings.ALLOWED_HOSTS = ["convention.example"]
    assert client.get("/", headers={"host": "10.0.0.3"}).status_code == 400


@pytest.mark.django_db(transaction=True)
def test_readyz_says_that_the_database_does_not_answer(client, monkeypatch):
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "NAME", "/nowhere/at/all")
    answer = client.get("/readyz")
    monkeypatch.undo()
    connection.close()
    assert (answer.status_code, answer.content) == (503, b"the database does not answer\n")


@pytest.mark.django_db(transaction=True)
def test_figures_count_tasks_and_rows(client):
    queued.fail_always.enqueue()
    lines = client.get("/metrics").content.decode().splitlines()
    assert 'convention_tasks{status="ready"} 1' in lines
    assert f'convention_rows{{model="registrations.Registration"}} {Registration.objects.count()}' in lines
    assert [line for line in lines if line.startswith("convention_task_wait_seconds ")] == [
        "convention_task_wait_seconds 0"
    ]


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
def test_figures_are_for_this_machine_or_with_the_token(client, settings, remote, headers, status):
    settings.METRICS_TOKEN = "secret"
    assert client.get("/metrics", REMOTE_ADDR=remote, headers=headers).status_code == status


def test_without_a_token_an_empty_one_opens_nothing(client, settings):
    settings.METRICS_TOKEN = ""
    answer = client.get("/metrics", REMOTE_ADDR="192.0.2.1", headers={"Authorization": "Bearer "})
    assert answer.status_code == 403
