"""The agenda's service worker as the server renders it."""

import datetime
import json

import pytest

from tests.factories import make_event, make_session

pytestmark = pytest.mark.django_db
WORKER = "/en/events/conf/agenda/worker.js"


@pytest.fixture
def event():
    event = make_event(slug="conf", starts_at=datetime.datetime(2026, 6, 16, 9, tzinfo=datetime.UTC))
    make_session(event)
    return event


def read_settings(response):
    return json.loads(response.text.removeprefix("const AGENDA_OFFLINE = ").partition(";\n")[0])


def test_worker_stores_each_day_and_the_personal_programme(client, event):
    response = client.get(WORKER)

    agenda = "/en/events/conf/agenda/"
    assert read_settings(response)["pages"] == [agenda, f"{agenda}mine/", f"{agenda}?day=2026-06-16"]
    assert response["Service-Worker-Allowed"] == "/en/events/conf/"
    assert "no-cache" in response["Cache-Control"]


def test_a_new_day_makes_a_new_worker(client, event):
    before = read_settings(client.get(WORKER))["version"]
    make_session(event, starts_at=event.starts_at + datetime.timedelta(days=1))

    assert read_settings(client.get(WORKER))["version"] != before


def test_worker_of_draft_event_is_not_public(client, event):
    event.visibility = event.Visibility.DRAFT
    event.save()

    assert client.get(WORKER).status_code == 404
