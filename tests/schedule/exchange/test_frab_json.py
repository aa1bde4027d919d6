"""Data of frab JSON files survives import and export: links of every form, logos, speaker codes."""

import json
from urllib.parse import urljoin

import pytest

from schedule.exchange.export_schedule import export_schedule
from schedule.exchange.importing.import_schedule import import_schedule
from schedule.exchange.parsed_programme import ScheduleFormat
from schedule.exchange.parsing.web_addresses import resolve_address
from schedule.models import Schedule, Session, Speaker
from tests.factories import make_event, make_session

from .files import frab_json
from .schemas import FOLDER, json_errors

pytestmark = [pytest.mark.django_db, pytest.mark.once]

BASE = "https://conf.example/2019/Fahrplan/"
DATE = "2026-06-17T10:00:00+02:00"
GUID = "00000000-0000-4000-8000-000000000001"


def export(event) -> dict:
    data = export_schedule(event=event, file_format=ScheduleFormat.FRAB_JSON)
    assert json_errors(data) == []
    return json.loads(data)["schedule"]


def list_events(schedule: dict) -> list[dict]:
    rooms = [room for day in schedule["conference"]["days"] for room in day["rooms"].values()]
    return [event for room in rooms for event in room]


@pytest.mark.parametrize(
    ("address", "resolved"),
    [
        ("/system/a.pdf?1", "https://conf.example/system/a.pdf?1"),
        ("a b.pdf", "https://conf.example/2019/Fahrplan/a%20b.pdf"),
        ("../a.pdf", "https://conf.example/2019/a.pdf"),
        ("//other.example/a", "https://other.example/a"),
        ("www.example.org", "https://www.example.org"),
        ("WWW.example.org/É", "https://WWW.example.org/%C3%89"),
        ("example.org/a.pdf", "https://example.org/a.pdf"),
        ("nymtech.net", "https://nymtech.net"),
        ("example.org:8080", "https://example.org:8080"),
        ("slides.pdf", "https://conf.example/2019/Fahrplan/slides.pdf"),
        ("mailto:a@example.org", "mailto:a@example.org"),
        ("https://exa[mple/", ""),
        ("//[", ""),
        ("", ""),
    ],
)
def test_every_address_becomes_absolute(address, resolved):
    assert resolve_address(address, BASE) == resolved


def test_relative_and_bare_links_are_exported_as_absolute():
    links = [{"url": "www.example.org", "title": "Page"}]
    attachments = [{"url": "/system/slides.pdf?15", "title": "Slides"}]
    entry = {"title": "A", "guid": GUID, "date": DATE, "links": links, "attachments": attachments}
    file = json.loads(frab_json(entry))
    file["schedule"]["base_url"] = BASE
    event = import_schedule(slug="conf", data=json.dumps(file).encode()).event

    [written] = list_events(export(event))

    assert written["links"] == [{"url": "https://www.example.org", "title": "Page"}]
    assert written["attachments"] == [{"url": "https://conf.example/system/slides.pdf?15", "title": "Slides"}]


def test_session_url_is_the_base_if_the_programme_has_none():
    event = make_event(slug="conf")
    make_session(event, url="https://talks.example/12/", attachments=[{"url": "a.pdf"}])

    [written] = list_events(export(event))

    assert written["attachments"] == [{"url": "https://talks.example/12/a.pdf"}]


def test_relative_links_without_a_base_are_not_exported():
    event = make_event(slug="conf")
    make_session(event, attachments=[{"url": "/system/a.pdf"}, {"url": "https://talks.example/b.pdf"}])

    [written] = list_events(export(event))

    assert written["attachments"] == [{"url": "https://talks.example/b.pdf"}]


def test_relative_logo_is_exported_as_absolute():
    event = make_event(slug="conf")
    Schedule.objects.create(event=event, base_url=BASE)
    make_session(event, extra={"logo": "/system/logo.png"})

    [written] = list_events(export(event))

    assert written["logo"] == "https://conf.example/system/logo.png"


def test_speaker_code_survives_import_and_export():
    person = {"name": "Ada", "guid": GUID, "code": "XYZABC"}
    event = import_schedule(
        slug="conf", data=frab_json({"title": "A", "date": DATE, "persons": [person]})
    ).event

    [written] = list_events(export(event))

    assert written["persons"] == [person | {"biography": ""}]


def test_harmful_links_are_not_exported():
    event = make_event(slug="conf")
    make_session(event, links=[{"url": "javascript:alert(1)"}, {"url": "\tdata:text/html,x"}])

    [written] = list_events(export(event))

    assert written["links"] == []


def read_foreign_links(data: bytes) -> dict[str, list[tuple[str, str]]]:
    """Return absolute address and title of each link and attachment by GUID, read without our parsers."""
    schedule = json.loads(data)["schedule"]

    def make_absolute(url: str) -> str:
        # The only host without a scheme in that file.
        return f"https://{url}" if url == "nymtech.net" else urljoin(schedule["base_url"], url)

    return {
        event["guid"]: [
            (make_absolute(link["url"]), " ".join(link["title"].split()))
            for link in event["links"] + event["attachments"]
        ]
        for event in list_events(schedule)
    }


@pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the real schedules are not at {FOLDER} (SCHEDULES_DIR)")
def test_no_link_of_a_real_file_is_lost_or_changed():
    data = (FOLDER / "ccc-camp-2019-frab.json").read_bytes()
    event = import_schedule(slug="real", data=data).event

    written = {
        entry["guid"]: [
            (link["url"], link.get("title", "")) for link in entry["links"] + entry["attachments"]
        ]
        for entry in list_events(export(event))
    }

    assert written == read_foreign_links(data)
    assert sum(map(len, written.values())) == 64


@pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the real schedules are not at {FOLDER} (SCHEDULES_DIR)")
def test_reimporting_the_export_of_a_real_file_changes_nothing():
    data = (FOLDER / "ccc-camp-2019-frab.json").read_bytes()
    event = import_schedule(slug="real", data=data).event

    report = import_schedule(
        slug="real", data=export_schedule(event=event, file_format=ScheduleFormat.FRAB_JSON)
    )

    assert report.changed == ()
    assert Session.objects.filter(attachments__0__url__startswith="/system/").exists()
    assert Speaker.objects.exists()
