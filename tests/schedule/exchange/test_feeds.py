"""agenda.ics, .xml and .json: their types, conditional requests, compression."""

import gzip
import json

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from lxml import etree

from convention.events.models import Event
from schedule.editing.revision import raise_revision
from schedule.exchange.export_schedule import export_schedule
from schedule.exchange.importing.import_schedule import import_schedule
from schedule.exchange.parsed_programme import ScheduleFormat
from schedule.models import Session
from tests.factories import make_session
from tests.registrations.visits.factories import make_visit
from tests.schedule.exchange import files
from tests.schedule.exchange.calendars import read_calendar

pytestmark = [pytest.mark.django_db, pytest.mark.once]
PUBLIC = Event.Visibility.PUBLIC


@pytest.fixture
def event():
    events = [
        files.event(f"Talk {number}", number=str(number), date="2026-06-17T10:00:00+02:00")
        for number in (1, 2)
    ]
    return import_schedule(slug="conf", data=files.make_one_room_xml(*events), visibility=PUBLIC).event


def test_feeds_have_content_type_and_file_name(client, event):
    found = {ending: client.get(f"/events/conf/agenda.{ending}") for ending in ("ics", "xml", "json")}

    assert {
        ending: (response.status_code, response["Content-Type"]) for ending, response in found.items()
    } == {
        "ics": (200, "text/calendar; charset=utf-8"),
        "xml": (200, "application/xml; charset=utf-8"),
        "json": (200, "application/json"),
    }
    assert found["ics"]["Content-Disposition"] == 'inline; filename="conf.ics"'

    titles = ["Talk 1", "Talk 2"]

    assert [entry.summary.value for entry in read_calendar(found["ics"].content).vevent_list] == titles
    assert etree.fromstring(found["xml"].content).xpath("//title/text()")[1:] == titles
    days = json.loads(found["json"].content)["schedule"]["conference"]["days"]
    assert [talk["title"] for talk in days[0]["rooms"]["Aula"]] == titles


def test_english_addresses_have_the_same_feeds(client, event):
    assert client.get("/en/events/conf/agenda.xml").content == client.get("/events/conf/agenda.xml").content


def test_calendar_is_localized_and_imports_without_changes(client, event):
    event.name_en = "The Conf"
    event.save()
    guid = Session.objects.order_by("number").first().guid
    for prefix, language, name in (("", "FR", event.name), ("/en", "EN", "The Conf")):
        content = client.get(f"{prefix}/events/conf/agenda.ics").content
        text = content.decode().replace("\r\n ", "")
        assert f"PRODID:-//Convention//Programme//{language}\r\n" in text
        assert f"NAME:{name}\r\n" in text
        assert f"URL:{settings.SITE_URL}{prefix}/events/conf/sessions/{guid}/\r\n" in text
        report = import_schedule(slug="conf", data=content)
        assert report.added == ()
        assert report.changed == ()
        assert report.unchanged == 2


def test_importing_calendar_of_a_cancelled_visit_cancels_no_session():
    visit = make_visit(cancelled_at=timezone.now())
    session = make_session(visit.event)
    content = export_schedule(event=visit.event, file_format=ScheduleFormat.ICALENDAR)

    report = import_schedule(slug=visit.event.slug, data=content)

    session.refresh_from_db()
    assert b"STATUS:CANCELLED" in content
    assert report.unchanged == 1
    assert session.cancelled_at is None


@pytest.mark.parametrize("sent", ["{etag}", "{strong}", '"other", {etag}', '"other",{strong}', "*"])
def test_matching_etag_gets_304(client, event, sent):
    etag = client.get("/events/conf/agenda.ics")["ETag"]
    known = sent.format(etag=etag, strong=etag.removeprefix("W/"))

    response = client.get("/events/conf/agenda.ics", headers={"if-none-match": known})

    assert response.status_code == 304
    assert response.content == b""
    assert response["ETag"] == etag


def test_other_etag_gets_the_file(client, event):
    response = client.get("/events/conf/agenda.ics", headers={"if-none-match": '"other"'})

    assert response.status_code == 200
    assert response.content.startswith(b"BEGIN:VCALENDAR\r\n")


def test_if_modified_since_gets_304(client, event):
    changed = client.get("/events/conf/agenda.json")["Last-Modified"]
    same = client.get("/events/conf/agenda.json", headers={"if-modified-since": changed})

    older = {"if-modified-since": "Thu, 01 Jan 2026 00:00:00 GMT"}

    assert same.status_code == 304
    assert client.get("/events/conf/agenda.json", headers=older).status_code == 200


def test_feed_is_compressed_if_the_client_accepts_gzip(client, event):
    plain = client.get("/events/conf/agenda.xml")
    packed = client.get("/events/conf/agenda.xml", headers={"accept-encoding": "br, gzip"})

    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == plain.content
    assert "Content-Encoding" not in plain
    assert packed["ETag"] == plain["ETag"]
    assert "Accept-Encoding" in plain["Vary"]


def test_changed_session_changes_the_feed(client, event):
    before = client.get("/events/conf/agenda.ics")
    Session.objects.filter(title="Talk 1").update(title="Talk 1, later")
    raise_revision(event=event)

    after = client.get("/events/conf/agenda.ics", headers={"if-none-match": before["ETag"]})

    assert after.status_code == 200
    assert b"SUMMARY:Talk 1\\, later\r\n" in after.content
    # Only changes of time, room and state raise SEQUENCE.
    assert b"SEQUENCE:0\r\n" in after.content


def test_cached_feed_takes_two_queries(client, event, django_assert_num_queries):
    client.get("/events/conf/agenda.xml")
    with django_assert_num_queries(2):
        client.get("/events/conf/agenda.xml")


def test_uncached_feed_query_count_is_constant(client, django_assert_num_queries):
    many = [files.event(f"Talk {number}", number=str(number)) for number in range(1, 60)]
    import_schedule(slug="many", data=files.make_one_room_xml(*many), visibility=PUBLIC)
    import_schedule(slug="few", data=files.make_one_room_xml(many[0]), visibility=PUBLIC)
    for slug in ("few", "many"):
        with django_assert_num_queries(7):
            client.get(f"/events/{slug}/agenda.xml")


def test_draft_event_has_no_public_feed(client, event):
    Event.objects.update(visibility=Event.Visibility.DRAFT)

    assert client.get("/events/conf/agenda.ics").status_code == 404
    assert client.get("/events/none/agenda.ics").status_code == 404


def test_feed_allows_head_but_not_post(client, event):
    assert client.post("/events/conf/agenda.ics").status_code == 405

    head = client.head("/events/conf/agenda.ics")

    assert head.status_code == 200
    assert head.content == b""


def test_empty_programme_has_feeds(client, event):
    Session.objects.all().delete()
    raise_revision(event=event)

    assert b"BEGIN:VEVENT" not in client.get("/events/conf/agenda.ics").content
    assert len(etree.fromstring(client.get("/events/conf/agenda.xml").content).findall("day")) == 1


@pytest.mark.parametrize("name", [".ics", ".xml", ".json", ".pdf", "/mine/x.ics"])
def test_post_gets_405_before_the_csrf_check(event, name):
    """Name the allowed methods in the response instead of reporting a missing CSRF token."""
    answer = Client(enforce_csrf_checks=True).post(f"/events/conf/agenda{name}", {"x": "1"})

    assert answer.status_code == 405
    assert answer["Allow"] == "GET, HEAD"
