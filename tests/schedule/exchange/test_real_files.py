"""The published files and schemas, where their folder is present (see SCHEDULES_DIR)."""

import itertools
import json
import os
import re
from collections import Counter
from datetime import UTC
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from lxml import etree

from convention.errors import UnreadableFile
from convention.events.models import Event
from convention.tables.files import read_table
from convention.tables.workbooks import is_workbook
from schedule.exchange.export_schedule import FORMAT_WRITERS, export_schedule
from schedule.exchange.importing.import_schedule import import_schedule
from schedule.exchange.parsed_programme import ScheduleFormat
from schedule.models import Schedule, Session
from tests.schedule.exchange.calendars import read_calendar

FOLDER = Path(
    os.environ.get("SCHEDULES_DIR") or Path(__file__).resolve().parents[4] / "shared/data/schedules"
)
COUNTS = {
    "38c3-hub.xml": (1007, 72, 4),
    "fosdem-2008-pentabarf.xml": (258, 19, 2),
    "fosdem-2018-pentabarf.xml": (689, 31, 2),
    "debconf23-wafer.xml": (117, 5, 8),
    "jres-2022.ics": (120, 15, 4),
    "ccc-camp-2019-frab.json": (79, 2, 5),
    "emf-2018.ics": (355, 26, 6),
    "emf-2018.frab.xml": (214, 8, 3),
}

pytestmark = [
    pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the real schedules are not at {FOLDER} (SCHEDULES_DIR)"),
    pytest.mark.django_db,
]


# `make test` leaves out the two largest files.
FILES = [
    pytest.param(name, marks=[pytest.mark.long] if sessions > 500 else [])
    for name, (sessions, _rooms, _days) in COUNTS.items()
]


def data(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


@pytest.mark.parametrize("name", FILES)
def test_all_sessions_are_imported_and_second_import_changes_nothing(name):
    first = import_schedule(slug="real", data=data(name))
    event = Event.objects.get(slug="real")
    sessions = Session.objects.filter(event=event)

    days = {session.day for session in sessions}

    assert (sessions.count(), event.rooms.count(), len(days)) == COUNTS[name]
    assert len(first.added) == COUNTS[name][0]
    assert first.is_event_created

    revision = Schedule.objects.get(event=event).revision
    second = import_schedule(slug="real", data=data(name))

    assert second.added == ()
    assert second.changed == ()
    assert second.unchanged == COUNTS[name][0]
    assert second.missing == ()
    assert Schedule.objects.get(event=event).revision == revision == 1


@pytest.mark.long
def test_night_sessions_belong_to_the_day_before():
    import_schedule(slug="real", data=data("38c3-hub.xml"))

    event = Event.objects.get(slug="real")
    nights = [
        session
        for session in Session.objects.filter(event=event)
        if session.starts_at.astimezone(event.zone).date() != session.day
    ]
    assert len([night for night in nights if night.starts_at.astimezone(event.zone).hour < 5]) == 57
    assert event.timezone == "Europe/Berlin"


def test_days_dated_in_utc_are_corrected_to_local_dates():
    import_schedule(slug="real", data=data("debconf23-wafer.xml"))

    opening = Session.objects.get(title="Opening Ceremony")
    assert opening.starts_at.astimezone(opening.event.zone).isoformat() == "2023-09-10T10:30:00+05:30"
    assert opening.day.isoformat() == "2023-09-10"


def test_room_conflicts_and_bad_dates_are_reported_and_not_refused():
    report = import_schedule(slug="real", data=data("fosdem-2008-pentabarf.xml"))
    counts = Counter(note.reason.name for note in report.notes)

    assert counts["ROOM_CONFLICT"] == 17
    assert counts["BAD_DATE"] == 1


def test_an_unknown_format_is_refused_by_name():
    with pytest.raises(UnreadableFile) as refused:
        import_schedule(slug="real", data=data("emf-2018.json"))
    assert "EMF" in str(refused.value)
    assert not Event.objects.filter(slug="real").exists()


@pytest.fixture(scope="module")
def xml_schema():
    return etree.XMLSchema(etree.parse(FOLDER / "schema" / "schedule.xml.xsd"))


@pytest.fixture(scope="module")
def json_schema():
    schema = json.loads((FOLDER / "schema" / "schedule-v1.schema.json").read_text())
    return jsonschema.Draft6Validator(schema, format_checker=jsonschema.FormatChecker())


def strip_timestamps(data: bytes) -> object:
    """Return a file's data without timestamps and sequence numbers, which change with each export."""
    if is_workbook(data):
        return read_table("", data).rows
    return re.sub(rb"(DTSTAMP|LAST-MODIFIED|SEQUENCE):\S*", b"", data)


def list_file_format_params() -> list[Any]:
    """Return all pairs of file and format: `make test` runs each format once, with another file each time.

    The two largest files have one format outside soak runs.
    """
    largest = {"38c3-hub.xml": ScheduleFormat.FRAB_XML, "fosdem-2018-pentabarf.xml": ScheduleFormat.ICALENDAR}
    small = [name for name in COUNTS if name not in largest]
    quick = dict(zip(FORMAT_WRITERS, itertools.cycle(small)))

    def choose_marks(name: str, fmt: ScheduleFormat) -> list[pytest.MarkDecorator]:
        if largest.get(name, fmt) != fmt:
            return [pytest.mark.soak]
        return [] if quick[fmt] == name else [pytest.mark.long]

    pairs = itertools.product(COUNTS, FORMAT_WRITERS)
    return [pytest.param(name, fmt, marks=choose_marks(name, fmt)) for name, fmt in pairs]


@pytest.mark.once
@pytest.mark.parametrize(("name", "fmt"), list_file_format_params())
def test_reimporting_an_export_changes_nothing(name, fmt):
    event = import_schedule(slug="real", data=data(name)).event
    exported = export_schedule(event=event, file_format=fmt)

    again = import_schedule(slug="real", data=exported)

    assert again.added == ()
    assert again.changed == ()
    assert again.missing == ()
    assert Schedule.objects.get(event=event).revision == 1
    other = import_schedule(slug="other", data=exported).event
    assert strip_timestamps(export_schedule(event=other, file_format=fmt)) == strip_timestamps(exported)


@pytest.mark.once
@pytest.mark.parametrize("name", FILES)
def test_exports_of_real_files_are_valid(name, xml_schema, json_schema):
    event = import_schedule(slug="real", data=data(name)).event
    xml = etree.fromstring(export_schedule(event=event, file_format=ScheduleFormat.FRAB_XML))

    assert xml_schema.validate(xml), xml_schema.error_log

    found = json.loads(export_schedule(event=event, file_format=ScheduleFormat.FRAB_JSON))

    assert [error.message for error in json_schema.iter_errors(found)] == []

    calendar = read_calendar(export_schedule(event=event, file_format=ScheduleFormat.ICALENDAR))
    read = {(entry.summary.value, entry.dtstart.value.astimezone(UTC)) for entry in calendar.vevent_list}

    assert read == {(session.title, session.starts_at) for session in Session.objects.filter(event=event)}
    assert len({entry.uid.value for entry in calendar.vevent_list}) == COUNTS[name][0]
