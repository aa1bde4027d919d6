"""Exports are valid in the published formats for any programme, and import without a difference."""

import datetime
import re
import zoneinfo

import icalendar
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from convention.tables.files import read_table
from schedule.exchange.export_schedule import FORMAT_WRITERS, export_schedule
from schedule.exchange.importing.import_schedule import import_schedule
from schedule.exchange.parsed_programme import TABLE_FORMATS, ScheduleFormat
from schedule.exchange.parsing.web_addresses import encode_any_uri, encode_web_uri
from schedule.exchange.writers.icalendar import write_icalendar
from schedule.exchange.writers.round_trip import build_exported_programme
from schedule.exchange.writers.vtimezone import write_zone_lines
from schedule.models import ProgrammeAudience, Schedule, Session
from tests.factories import make_event, make_room, make_session, make_track
from tests.schedule.exchange.calendars import read_calendar
from tests.schedule.exchange.schemas import json_errors, xml_errors

pytestmark = [pytest.mark.django_db, pytest.mark.once]

PARIS = zoneinfo.ZoneInfo("Europe/Paris")
HOSTILE_TEXT = "\x0b\u2028 A;B,C\\n\\,D \"'<&>]]> \u202eשלום\u202c 🎉 日本 \r\n\tend\x85\x1f"


def at(day: int, hour: int, minute: int = 0, *, fold: int = 0) -> datetime.datetime:
    local = datetime.datetime(2026, 10, day, hour, minute, tzinfo=PARIS, fold=fold)
    return local.astimezone(datetime.UTC)


def count_reimport_changes(event, fmt) -> tuple[int, int, int]:
    report = import_schedule(slug=event.slug, data=export_schedule(event=event, file_format=fmt))
    return len(report.added), len(report.changed), report.unchanged


@pytest.fixture
def hostile_event():
    """An event with texts and values that could break a file."""
    event = make_event(slug="cruel", name=HOSTILE_TEXT, starts_at=at(24, 8), ends_at=at(30, 18))
    Schedule.objects.create(
        event=event, acronym="É 1", base_url="https://exämple.org/a b", version=HOSTILE_TEXT
    )
    room = make_room(event, HOSTILE_TEXT[2:])
    track = make_track(event, "x" * 300, color="#ABCDEF", slug="1x")
    texts = {
        "abstract": HOSTILE_TEXT,
        "description": f"<p>{HOSTILE_TEXT}</p><script>x</script>",
        "subtitle": HOSTILE_TEXT,
    }
    links = [
        {"url": "../slides.pdf", "title": HOSTILE_TEXT, "type": "odd"},
        {"url": "https://exämple.org/a b?c=d|e#f#g", "type": "slides", "service": "FORGEJO"},
        {"url": "javascript:alert(1)"},
        {"title": "none"},
        "odd",
    ]
    extra = {"code": "abc", "logo": "x.png", "feedback_url": "https://example.org/[f]", "odd": [1]}
    make_session(
        event, HOSTILE_TEXT, speakers=(HOSTILE_TEXT[2:], "Ada"), room=room, track=track, starts_at=at(24, 9),
        slug="A b", url="https://example.org/é?x=<y>&z=[1]", links=links, attachments=links, extra=extra,
        kind=HOSTILE_TEXT[2:], language="de, en", recording_license=HOSTILE_TEXT[2:], recording_optout=True,
        **texts,
    )  # fmt: skip
    make_session(
        event, "T" * 2000, starts_at=at(24, 23), minutes=150, room=room, day=datetime.date(2026, 10, 23)
    )
    make_session(event, "Long", starts_at=at(24, 9), minutes=130 * 60, extra=extra, slug="same-slug")
    make_session(event, "Zero", starts_at=at(24, 9), minutes=0, slug="same-slug")
    make_session(event, "Zero", starts_at=at(24, 9), ends_at=None, source_id="7")
    make_session(event, "First", starts_at=at(25, 2, 30), minutes=10, room=room)
    make_session(event, "Second", starts_at=at(25, 2, 30, fold=1), minutes=10, source_id="u@x")
    make_session(event, "Twin", starts_at=at(25, 9, 0).replace(second=30), source_id="u@x")
    make_session(event, "Called off", cancelled_at=at(1, 1))
    make_session(event, "Open", starts_at=None)
    return event


def test_frab_exports_match_their_schemas(hostile_event):
    assert xml_errors(export_schedule(event=hostile_event, file_format=ScheduleFormat.FRAB_XML)) == []
    assert json_errors(export_schedule(event=hostile_event, file_format=ScheduleFormat.FRAB_JSON)) == []


@pytest.mark.parametrize("fmt", list(FORMAT_WRITERS))
def test_export_imports_without_changes(hostile_event, fmt):
    # Calendars have the cancelled session too, tables also the one without a time.
    sessions = 10 if fmt in TABLE_FORMATS else 9 if fmt is ScheduleFormat.ICALENDAR else 8

    assert count_reimport_changes(hostile_event, fmt) == (0, 0, sessions)
    assert Schedule.objects.get().revision == 0


@pytest.mark.parametrize("fmt", list(FORMAT_WRITERS))
def test_export_of_an_imported_event_equals_the_original(hostile_event, fmt):
    if fmt in TABLE_FORMATS:
        # Tables list sessions without a time, but an import adds none.
        hostile_event.sessions.filter(starts_at=None).delete()
    data = export_schedule(event=hostile_event, file_format=fmt)
    other = import_schedule(slug="other", data=data).event
    again = export_schedule(event=other, file_format=fmt)
    if fmt is ScheduleFormat.ICALENDAR:
        entries = [[*icalendar.Calendar.from_ical(file).walk("VEVENT")] for file in (data, again)]
        names = (
            "UID",
            "SUMMARY",
            "DTSTART",
            "DTEND",
            "LOCATION",
            "DESCRIPTION",
            "URL",
            "CATEGORIES",
            "STATUS",
        )
        first, second = ([{n: str(e.get(n)) for n in names} for e in found] for found in entries)
        assert first == second
        assert [e["DTSTART"].dt for e in entries[0]] == [e["DTSTART"].dt for e in entries[1]]
    elif fmt is ScheduleFormat.XLSX:
        # A workbook contains the time at which it was written.
        assert read_table("", again).rows == read_table("", data).rows
    else:
        assert again == data


def test_calendar_is_read_completely_by_other_libraries(hostile_event):
    data = export_schedule(event=hostile_event, file_format=ScheduleFormat.ICALENDAR)

    assert max(len(line) for line in data.split(b"\r\n")) <= 75
    assert b"\n" not in data.replace(b"\r\n", b"")

    timed = Session.objects.filter(starts_at__isnull=False)
    moments = sorted((session.starts_at, session.ends_at or session.starts_at) for session in timed)

    for found in (
        [(entry.dtstart.value, entry.dtend.value) for entry in read_calendar(data).vevent_list],
        [(e["DTSTART"].dt, e["DTEND"].dt) for e in icalendar.Calendar.from_ical(data).walk("VEVENT")],
    ):
        assert sorted(tuple(moment.astimezone(datetime.UTC) for moment in pair) for pair in found) == [
            tuple(moment.replace(microsecond=0) for moment in pair) for pair in moments
        ]

    uids = [entry.uid.value for entry in read_calendar(data).vevent_list]

    assert len(set(uids)) == 9
    assert uids.count("u@x") == 1
    assert b"mailto" not in data.lower()


def test_second_occurrence_of_a_repeated_hour_is_written_in_utc(hostile_event):
    data = export_schedule(event=hostile_event, file_format=ScheduleFormat.ICALENDAR).decode()
    starts = [line for line in data.splitlines() if line.startswith("DTSTART") and "1025T0" in line]

    assert starts[:2] == ["DTSTART;TZID=Europe/Paris:20261025T023000", "DTSTART:20261025T013000Z"]


def test_frab_xml_has_days_with_their_rooms():
    event = make_event(slug="conf", starts_at=at(24, 8), ends_at=at(25, 18), name="Conf")
    aula, lab = make_room(event, "Aula"), make_room(event, "Lab")
    make_session(event, "Night", starts_at=at(25, 1), day=datetime.date(2026, 10, 24), room=lab, minutes=60)
    make_session(event, "Late", starts_at=at(24, 10), room=aula)
    make_session(event, "Next", starts_at=at(25, 10), room=lab)
    root = etree.fromstring(export_schedule(event=event, file_format=ScheduleFormat.FRAB_XML))

    days = [(day.get("date"), day.get("start"), day.get("end")) for day in root.findall("day")]

    assert days == [
        ("2026-10-24", "2026-10-24T06:00:00+02:00", "2026-10-25T06:00:00+01:00"),
        ("2026-10-25", "2026-10-25T06:00:00+01:00", "2026-10-26T06:00:00+01:00"),
    ]

    rooms = [[(room.get("name"), len(room)) for room in day] for day in root.findall("day")]

    assert rooms == [[("Aula", 1), ("Lab", 1)], [("Lab", 1)]]
    night = root.xpath("//event[title='Night']")[0]
    assert night.findtext("date") == "2026-10-25T01:00:00+02:00"
    assert night.findtext("start") == "01:00"
    assert night.findtext("url") == f"http://localhost:8000/events/conf/sessions/{night.get('guid')}/"


def test_calendar_description_has_speakers_subtitle_and_texts():
    event = make_event(slug="conf", starts_at=at(24, 8))
    texts = {"abstract": "<p>Short &amp; sweet</p>", "description": "Long", "subtitle": "Sub"}

    make_session(event, "Talk", speakers=("Ada", "Bob"), **texts)

    [entry] = read_calendar(export_schedule(event=event, file_format=ScheduleFormat.ICALENDAR)).vevent_list
    assert entry.description.value == "Ada, Bob\n\nSub\n\nShort & sweet\n\nLong"
    assert entry.uid.value == str(Session.objects.get().guid)


def test_changed_calendar_description_does_not_change_the_abstract():
    event = make_event(slug="conf", starts_at=at(24, 8))
    make_session(event, "Talk", speakers=("Ada",), abstract="Short", description="Long", number=5)
    data = export_schedule(event=event, file_format=ScheduleFormat.ICALENDAR).replace(
        b"\\n\\nLong", b"\\n\\nLonger"
    )

    import_schedule(slug="conf", data=data)

    session = Session.objects.get()
    assert session.abstract == "Short"
    assert session.description == "Longer"


def test_event_without_sessions_has_valid_exports():
    event = make_event(slug="conf")

    assert xml_errors(export_schedule(event=event, file_format=ScheduleFormat.FRAB_XML)) == []
    assert json_errors(export_schedule(event=event, file_format=ScheduleFormat.FRAB_JSON)) == []
    assert export_schedule(event=event, file_format=ScheduleFormat.ICALENDAR).endswith(b"END:VCALENDAR\r\n")


@pytest.mark.parametrize(
    "zone", ["UTC", "Asia/Kolkata", "America/New_York", "Africa/Casablanca", "Pacific/Chatham"]
)
def test_vtimezone_definitions_are_correct(zone):
    event = make_event(slug="conf", timezone=zone, starts_at=at(1, 0), ends_at=at(30, 0))
    for month in range(1, 13):
        start = datetime.datetime(2026, month, 15, 12, tzinfo=datetime.UTC)
        make_session(event, f"{month:02}", starts_at=start)
    data = export_schedule(event=event, file_format=ScheduleFormat.ICALENDAR)

    found = {entry.summary.value: entry.dtstart.value for entry in read_calendar(data).vevent_list}

    assert found == {session.title: session.starts_at for session in Session.objects.all()}
    assert count_reimport_changes(event, ScheduleFormat.FRAB_XML) == (0, 0, 12)


def test_vtimezone_has_a_rule_for_each_clock_change_of_the_year():
    assert write_zone_lines("Europe/Paris", 2026, 2026) == (
        "BEGIN:VTIMEZONE",
        "TZID:Europe/Paris",
        "BEGIN:DAYLIGHT",
        "DTSTART:20250330T020000",
        "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
        "TZOFFSETFROM:+0100",
        "TZOFFSETTO:+0200",
        "TZNAME:CEST",
        "END:DAYLIGHT",
        "BEGIN:STANDARD",
        "DTSTART:20251026T030000",
        "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
        "TZOFFSETFROM:+0200",
        "TZOFFSETTO:+0100",
        "TZNAME:CET",
        "END:STANDARD",
        "END:VTIMEZONE",
    )


@pytest.mark.parametrize(
    ("address", "web", "any_kind"),
    [
        ("https://example.org/a b", "https://example.org/a%20b", "https://example.org/a%20b"),
        ("HTTP://example.org", "http://example.org", "http://example.org"),
        ("https://exämple.org/é", "https://xn--exmple-cua.org/%C3%A9", "https://xn--exmple-cua.org/%C3%A9"),
        ("https://example.org/%zz%41", "https://example.org/%25zz%41", "https://example.org/%25zz%41"),
        ("https://[::1]:80/", "https://[::1]:80/", "https://[::1]:80/"),
        ("https://exa[mple/", "", ""),
        ("mailto:a@example.org", "", "mailto:a@example.org"),
        ("../a.pdf", "", ""),
        ("", "", ""),
    ],
)
def test_addresses_are_encoded(address, web, any_kind):
    assert encode_web_uri(address) == web
    assert encode_any_uri(address) == any_kind


texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=40)
SCHEMAS = {
    ScheduleFormat.FRAB_XML: xml_errors,
    ScheduleFormat.FRAB_JSON: json_errors,
}


@pytest.mark.long
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(texts, texts, texts, texts, st.integers(0, 10**6)), min_size=1, max_size=4))
def test_any_text_exports_valid_and_imports_without_changes(rows):
    event = make_event(starts_at=at(24, 8), ends_at=at(26, 8))
    for title, text, slug, url, seconds in rows:
        make_session(
            event,
            f"T{title}",
            starts_at=at(24, 8) + datetime.timedelta(seconds=seconds),
            minutes=seconds % 9000,
            slug=slug,
            abstract=text,
            description=title + text,
            url=f"https://{url}",
        )
    for fmt in FORMAT_WRITERS:
        data = export_schedule(event=event, file_format=fmt)
        assert SCHEMAS.get(fmt, lambda _data: [])(data) == []
        found = import_schedule(slug=event.slug, data=data)
        assert len(found.added) == 0
        assert len(found.changed) == 0
        assert found.unchanged == len(rows)


def write_with_icalendar(programme) -> dict[str, bytes]:
    """Return each event of a programme as icalendar writes it, by UID."""
    header, written = programme.header, {}
    zone = zoneinfo.ZoneInfo(header.zone_name)
    for session in programme.sessions:
        uid = session.source_id if "@" in session.source_id else str(session.guid)
        entry = icalendar.Event()
        changed = header.changed_at or session.starts_at
        entry.add("uid", uid)
        for name in ("dtstamp", "last-modified"):
            entry.add(name, changed.astimezone(datetime.UTC))
        entry.add("sequence", header.revision)
        for name, moment in (("dtstart", session.starts_at), ("dtend", session.ends_at)):
            # icalendar writes the hour that a clock change repeats as if it were the first one.
            is_repeated = moment.astimezone(zone).fold
            entry.add(name, moment.astimezone(datetime.UTC if is_repeated else zone))
        entry.add("summary", session.title)
        entry.add("location", session.room or "")
        entry.add("description", session.description or "")
        if session.track:
            entry.add("categories", [session.track])
        entry.add("url", session.url)
        entry.add("status", "CANCELLED" if session.is_cancelled else "CONFIRMED")
        entry.add("transp", "OPAQUE")
        written.setdefault(uid, entry.to_ical())
    return written


def content_lines(data: bytes) -> list[str]:
    """Return the unfolded lines and the parts of rules, sorted because RFC 5545 defines no order."""
    lines = re.sub(rb"\r\n[ \t]", b"", data).decode().splitlines()
    return sorted(";".join(sorted(line.split(";"))) if line.startswith("RRULE") else line for line in lines)


def test_calendar_events_equal_the_output_of_the_icalendar_library(hostile_event):
    programme = build_exported_programme(
        hostile_event, ScheduleFormat.ICALENDAR, audience=ProgrammeAudience.PUBLIC
    )

    ours = re.findall(rb"BEGIN:VEVENT\r\n.*?END:VEVENT\r\n", write_icalendar(programme), re.DOTALL)
    theirs = write_with_icalendar(programme)

    compared = 0
    for event in ours:
        lines = content_lines(event)
        [uid] = [line.removeprefix("UID:") for line in lines if line.startswith("UID:")]
        if uid in theirs:
            assert lines == content_lines(theirs[uid])
            compared += 1
    assert compared >= 8


def test_calendar_is_unchanged_by_an_icalendar_library_round_trip(hostile_event):
    data = export_schedule(event=hostile_event, file_format=ScheduleFormat.ICALENDAR)

    again = icalendar.Calendar.from_ical(data).to_ical()

    assert content_lines(again) == content_lines(data)
