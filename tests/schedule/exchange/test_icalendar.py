"""iCalendar files as other tools write them: broken folding, old parameters, foreign time zones."""

import datetime
import zoneinfo

import pytest
from dateutil.rrule import rrulestr

from convention.errors import UnreadableFile
from schedule.exchange.import_notes import ImportNote, NoteReason
from schedule.exchange.parsed_programme import ScheduleFormat
from schedule.exchange.parsing.recurrence import expand_rule
from schedule.exchange.read_schedule import read_schedule
from tests.schedule.exchange.files import ics, vevent


def list_reasons(programme) -> list[NoteReason]:
    return sorted({note.reason for note in programme.notes}, key=list(NoteReason).index)


def format_local_start(talk, zone: str = "Europe/Paris") -> str:
    return talk.starts_at.astimezone(zoneinfo.ZoneInfo(zone)).isoformat()


def compute_minutes(talk) -> float | None:
    return None if talk.ends_at is None else (talk.ends_at - talk.starts_at).total_seconds() / 60


def test_all_event_fields_are_read():
    entry = vevent(
        "DTEND;TZID=Europe/Paris:20260617T103000",
        "LOCATION:Salle\\, au 1er",
        "DESCRIPTION:One\\nTwo\\; three",
        "CATEGORIES:Cloud\\, Edge,Other",
        "URL:https://example.org/1",
        "STATUS:CONFIRMED",
        start=";TZID=Europe/Paris:20260617T100000",
    )
    programme = read_schedule(ics(entry, head="X-WR-CALNAME:Conf"))

    [talk] = programme.sessions
    assert programme.format == ScheduleFormat.ICALENDAR
    assert programme.header.title == "Conf"
    assert programme.header.zone_name == "Europe/Paris"
    assert talk.title == "Opening"
    assert talk.room == "Salle, au 1er"
    assert talk.track == "Cloud, Edge"
    assert talk.description == "One\nTwo; three"
    assert talk.url == "https://example.org/1"
    assert not talk.is_cancelled
    assert talk.source_id == "1@test"
    assert talk.guid is None
    assert format_local_start(talk) == "2026-06-17T10:00:00+02:00"
    assert compute_minutes(talk) == 30
    assert talk.speakers is None
    assert talk.abstract is None
    assert talk.day is None
    assert list_reasons(programme) == []


def test_folded_lines_are_joined():
    entry = vevent("DESCRIPTION:Ein langer \r\n Text\r\n\t und mehr", "DURATION:PT1H")

    [talk] = read_schedule(ics(entry)).sessions
    assert talk.description == "Ein langer Text und mehr"
    assert compute_minutes(talk) == 60


def test_raw_line_breaks_in_a_text_are_read_and_reported():
    entry = vevent(
        "DESCRIPTION:First\r\nSecond: with a colon\r\n\r\nNote: third", "LOCATION:Aula", "DURATION:PT1H"
    )
    programme = read_schedule(ics(entry))

    [talk] = programme.sessions
    assert talk.description == "First\nSecond: with a colon\n\nNote: third"
    assert talk.room == "Aula"
    assert NoteReason.BROKEN_FOLDING in list_reasons(programme)


def test_doubled_carriage_returns_and_old_parameters_are_repaired():
    """The calendar of JRES has both."""
    lines = ("DESCRIPTION;CHARSET=UTF-8;ENCODING=8BIT:One \r\r\n \\n\r\n Two", "DURATION:PT1H")
    programme = read_schedule(ics(vevent(*lines)))

    assert programme.sessions[0].description == "One \nTwo"
    assert list_reasons(programme) == [
        NoteReason.BROKEN_FOLDING,
        NoteReason.OLD_PARAMETERS,
        NoteReason.NO_ZONE,
    ]


def test_lines_folded_inside_a_character_are_joined():
    data = ics(vevent("DESCRIPTION:Caf@", "DURATION:PT1H")).replace(b"@\r\n", b"\xc3\r\n \xa9\r\n")
    assert read_schedule(data).sessions[0].description == "Café"


def test_cet_is_replaced_by_a_time_zone_with_a_location():
    """Exports need a zone with a location, and “CET” has none."""
    [talk] = read_schedule(ics(vevent(start=";TZID=CET:20260617T100000"))).sessions

    assert format_local_start(talk) == "2026-06-17T10:00:00+02:00"
    assert read_schedule(ics(vevent(), head="X-WR-TIMEZONE:CET")).header.zone_name == "Europe/Paris"


def test_quoted_printable_text_is_decoded():
    line = "DESCRIPTION;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:Caf=C3=A9=0D=0Anoir"
    assert read_schedule(ics(vevent(line, "DURATION:PT1H"))).sessions[0].description == "Café\nnoir"


@pytest.mark.parametrize(
    ("start", "found"),
    [
        (":20260617T080000Z", "2026-06-17T10:00:00+02:00"),
        (";TZID=Europe/Paris:20260617T100000", "2026-06-17T10:00:00+02:00"),
        (';TZID="Europe/Paris":20260617T100000', "2026-06-17T10:00:00+02:00"),
        (";TZID=/freeassociation.sourceforge.net/Europe/Paris:20260617T100000", "2026-06-17T10:00:00+02:00"),
        (";TZID=Romance Standard Time:20260617T100000", "2026-06-17T10:00:00+02:00"),
        (";TZID=Europe/Paris;VALUE=DATE-TIME:20260617T100000", "2026-06-17T10:00:00+02:00"),
        (';TZID="(UTC+01:00) Brussels, Paris":20260617T100000', "2026-06-17T10:00:00+02:00"),
        (r";TZID=(UTC+01:00) Brussels\, Paris:20260617T100000", "2026-06-17T10:00:00+02:00"),
        (";TZID=(UTC+01:00) Brussels, Paris:2026-06-17T10:00:00", "2026-06-17T10:00:00+02:00"),
        (
            ';TZID="(UTC+05:30) Chennai, Kolkata, Mumbai, New Delhi":20260617T133000',
            "2026-06-17T10:00:00+02:00",
        ),
        (";TZID=(GMT-05:00) Eastern Time (US & Canada):20260617T040000", "2026-06-17T10:00:00+02:00"),
        (';TZID="(UTC+10:00) Canberra, Melbourne, Sydney":20260117T200000', "2026-01-17T10:00:00+01:00"),
        (';TZID="(UTC+12:00) Auckland, Wellington":20260117T220000', "2026-01-17T10:00:00+01:00"),
        (';TZID="(UTC+03:00) Nowhere":20260617T110000', "2026-06-17T10:00:00+02:00"),
        (";TZID=GMT+0200:20260617T100000", "2026-06-17T10:00:00+02:00"),
        (";TZID=tzone://Microsoft/Utc:20260617T080000", "2026-06-17T10:00:00+02:00"),
        (";TZID=tzone://Microsoft/Custom:20260617T100000", "2026-06-17T10:00:00+02:00"),
        (";TZID=Kolkata:20260617T133000", "2026-06-17T10:00:00+02:00"),
        (":20260617T100000", "2026-06-17T10:00:00+02:00"),
        (":2026-06-17T10:00:00+02:00", "2026-06-17T10:00:00+02:00"),
        (":2026-06-17T03:00:00-05:00", "2026-06-17T10:00:00+02:00"),
        (";VALUE=DATE:20260617", "2026-06-17T00:00:00+02:00"),
    ],
)
def test_start_formats_are_parsed(start, found):
    assert format_local_start(read_schedule(ics(vevent(start=start))).sessions[0]) == found


@pytest.mark.parametrize(
    ("start", "found", "reason"),
    [
        (":20260617T100000+2500", "2026-06-17T10:00:00+02:00", NoteReason.BAD_OFFSET),
        (":20260329T023000", "2026-03-29T03:30:00+02:00", NoteReason.SKIPPED_HOUR),
        (";TZID=Europe/Paris:20261025T023000", "2026-10-25T02:30:00+02:00", NoteReason.REPEATED_HOUR),
        (":20261025T003000Z", "2026-10-25T02:30:00+02:00", None),
    ],
)
def test_impossible_or_ambiguous_times_are_reported(start, found, reason):
    programme = read_schedule(ics(vevent("DURATION:PT1H", start=start), head="X-WR-TIMEZONE:Europe/Paris"))

    assert format_local_start(programme.sessions[0]) == found
    about = f"Opening, 1@test, {start.rpartition(':')[2]}"
    assert programme.notes == ((ImportNote(reason, about),) if reason else ())


def test_time_zone_defined_in_the_file_is_used():
    zone = (
        "BEGIN:VTIMEZONE\r\nTZID:Custom\r\nBEGIN:STANDARD\r\nDTSTART:20251026T030000\r\n"
        "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\n"
        "BEGIN:DAYLIGHT\r\nDTSTART:20250330T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\n"
        "TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE"
    )
    programme = read_schedule(ics(zone, vevent(start=";TZID=Custom:20260617T100000")))

    assert format_local_start(programme.sessions[0]) == "2026-06-17T10:00:00+02:00"
    assert programme.header.zone_name == "Europe/Paris"


def test_unknown_time_zone_falls_back_to_the_calendar_zone():
    programme = read_schedule(
        ics(vevent(start=";TZID=Nowhere:20260617T100000"), head="X-WR-TIMEZONE:America/New_York")
    )

    assert format_local_start(programme.sessions[0], "America/New_York") == "2026-06-17T10:00:00-04:00"
    assert NoteReason.UNKNOWN_ZONE in list_reasons(programme)


@pytest.mark.parametrize(
    ("lines", "length", "reason"),
    [
        (("DTEND:20260617T083000Z",), 30, None),
        (("DURATION:PT1H30M",), 90, None),
        (("DTEND:20260617T080000Z",), 0, NoteReason.ZERO_LENGTH),
        (("DTEND:20260617T070000Z",), 0, NoteReason.BAD_END),
        ((), None, NoteReason.NO_DURATION),
    ],
)
def test_end_and_duration_are_parsed(lines, length, reason):
    programme = read_schedule(ics(vevent(*lines), head="X-WR-TIMEZONE:UTC"))

    assert compute_minutes(programme.sessions[0]) == length
    assert list_reasons(programme) == ([reason] if reason else [])


def test_all_day_event_ends_at_midnight_across_a_clock_change():
    programme = read_schedule(ics(vevent(start=";VALUE=DATE:20260329"), head="X-WR-TIMEZONE:Europe/Paris"))

    assert compute_minutes(programme.sessions[0]) == 23 * 60
    assert list_reasons(programme) == [NoteReason.ALL_DAY]


SERIES_START = ";TZID=Europe/Paris:20261024T100000"


@pytest.mark.parametrize(
    ("lines", "starts"),
    [
        (["RRULE:FREQ=DAILY;COUNT=3"], ["24T10+02", "25T10+01", "26T10+01"]),
        (["RRULE:FREQ=DAILY;UNTIL=20261025T090000Z"], ["24T10+02", "25T10+01"]),
        (["RRULE:FREQ=DAILY;UNTIL=20261025"], ["24T10+02", "25T10+01"]),
        (["RRULE:FREQ=WEEKLY;BYDAY=SU,MO;COUNT=2"], ["24T10+02", "25T10+01", "26T10+01"]),
        (["RRULE:FREQ=DAILY;COUNT=3", "EXDATE;TZID=Europe/Paris:20261025T100000"], ["24T10+02", "26T10+01"]),
        (["RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20261024T080000Z,20261025T090000Z"], ["26T10+01"]),
        (["RDATE;TZID=Europe/Paris:20261026T120000,20261027T100000"], ["24T10+02", "26T12+01", "27T10+01"]),
    ],
)
def test_each_occurrence_of_a_series_is_a_session(lines, starts):
    programme = read_schedule(ics(vevent(*lines, "DURATION:PT1H", start=SERIES_START)))

    assert [
        f"{talk.starts_at.astimezone(zoneinfo.ZoneInfo('Europe/Paris')):%dT%H%z}"[:-2]
        for talk in programme.sessions
    ] == starts
    assert {compute_minutes(talk) for talk in programme.sessions} == {60}
    assert list_reasons(programme) == [NoteReason.REPEATING_ENTRY]
    assert len({talk.source_id for talk in programme.sessions}) == len(starts)


@pytest.mark.parametrize(
    ("rule", "most"),
    [
        ("FREQ=DAILY", 1),
        ("FREQ=WEEKLY;COUNT=90", 53),
        ("FREQ=DAILY;COUNT=5000", 100),
        ("FREQ=DAILY;COUNT=99999999999999999999", 1),
        ("FREQ=DAILY;INTERVAL=0;COUNT=9", 1),
        ("FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30;COUNT=2", 1),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=2", 1),
        ("FREQ=DAILY;INTERVAL=-0;COUNT=9;BYMONTH=2", 1),
        ("FREQ=DAILY;INTERVAL=０;COUNT=9;BYMONTH=2", 1),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=2", 1),
        ("FREQ=DAILY;COUNT=2;BYDAY=XX", 1),
        ("nonsense", 1),
    ],
)
def test_unexpanded_recurrences_are_reported(rule, most):
    programme = read_schedule(ics(vevent(f"RRULE:{rule}", "DURATION:PT1H", start=SERIES_START)))

    assert len(programme.sessions) == most
    assert NoteReason.UNEXPANDED_RECURRENCE in list_reasons(programme)


@pytest.mark.parametrize("year", [1904, 1999, 2026, 2027, 2028, 2099, 2100, 2199])
def test_recurrence_expansion_equals_dateutil_in_any_year(year):
    start = datetime.datetime(year, 12, 20, 9)
    expected = list(rrulestr("FREQ=WEEKLY;BYDAY=MO,SA;COUNT=24", dtstart=start))

    times, is_whole = expand_rule("FREQ=WEEKLY;BYDAY=MO,SA;COUNT=24", start, None)

    assert times == [time for time in expected if time > start]
    assert is_whole


def test_recurrences_cannot_exceed_the_session_limit():
    entries = [vevent("RRULE:FREQ=DAILY;COUNT=100", "DURATION:PT1H", start=SERIES_START)] * 201
    with pytest.raises(UnreadableFile, match="more than 5000 sessions"):
        read_schedule(ics(*entries))


@pytest.mark.parametrize("name", ["a/" * 50_000, " " * 50_000 + "x"], ids=["slashes", "blanks"])
def test_very_long_time_zone_name_is_unknown(name):
    programme = read_schedule(ics(vevent("DURATION:PT1H", start=f";TZID={name}:20260617T100000")))

    assert len(programme.sessions) == 1
    assert NoteReason.UNKNOWN_ZONE in list_reasons(programme)


def test_moved_or_cancelled_occurrence_replaces_the_original():
    data = ics(
        vevent("RRULE:FREQ=DAILY;COUNT=3", "DURATION:PT1H", start=SERIES_START),
        vevent("RECURRENCE-ID;TZID=Europe/Paris:20261025T100000", "DURATION:PT1H", start=":20261025T150000Z"),
        vevent(
            "RECURRENCE-ID:20261026T090000Z", "DURATION:PT1H", "STATUS:CANCELLED", start=":20261026T090000Z"
        ),
    )

    talks = read_schedule(data).sessions
    assert [(f"{talk.starts_at:%d %H}", talk.is_cancelled, talk.source_id) for talk in talks] == [
        ("24 08", None, "1@test"),
        ("25 15", None, "1@test/20261025T090000Z"),
        ("26 09", True, "1@test/20261026T090000Z"),
    ]


def test_alarms_and_todos_are_not_read_as_events():
    alarm = "BEGIN:VALARM\r\nSUMMARY:Ring\r\nDESCRIPTION:Ring\r\nTRIGGER:-PT5M\r\nEND:VALARM"
    todo = "BEGIN:VTODO\r\nSUMMARY:Do\r\nDTSTART:20260617T080000Z\r\nEND:VTODO"

    programme = read_schedule(ics(vevent(alarm, "DURATION:PT1H"), todo))

    assert [(talk.title, talk.description) for talk in programme.sessions] == [("Opening", None)]
    assert NoteReason.NOT_AN_EVENT in list_reasons(programme)


def test_events_without_title_or_start_are_skipped_and_reported():
    data = ics(vevent(summary=""), vevent(start=""), vevent(start=":tomorrow"), vevent("DURATION:PT1H"))
    programme = read_schedule(data)

    assert len(programme.sessions) == 1
    assert [note.reason for note in programme.notes if note.reason.name.startswith("NO_")] == [
        NoteReason.NO_ZONE,
        NoteReason.NO_TITLE,
        NoteReason.NO_START,
        NoteReason.NO_START,
    ]


def test_cancelled_event_without_uid_is_read():
    programme = read_schedule(ics(vevent("STATUS:CANCELLED", "DURATION:PT1H", uid="")))

    assert programme.sessions[0].source_id == ""
    assert programme.sessions[0].is_cancelled


def test_events_sharing_a_uid_are_all_read():
    programme = read_schedule(
        ics(vevent("DURATION:PT1H"), vevent("DURATION:PT1H", start=":20260618T080000Z"))
    )
    assert [talk.starts_at.day for talk in programme.sessions] == [17, 18]


def test_truncated_calendar_is_refused():
    data = ics(vevent("DURATION:PT1H"), vevent("DESCRIPTION:" + "word " * 50))
    with pytest.raises(UnreadableFile, match="incomplete"):
        read_schedule(data[:-120])


@pytest.mark.parametrize("ends", [b"\n", b"\r", b"\r\n", b"\r\r\n"])
def test_all_line_endings_are_read(ends):
    data = ics(vevent("DESCRIPTION:a\r\n b", "DURATION:PT1H")).replace(b"\r\n", ends)
    assert read_schedule(data).sessions[0].description == "ab"


def test_lowercase_component_and_property_names_are_read():
    data = b"begin:vcalendar\nbegin:vevent\nsummary:Opening\ndtstart:20260617T080000Z\nduration:PT5M\n"
    data += b"sequence:2\nx-note:a\nend:vevent\nend:vcalendar\n"

    [talk] = read_schedule(data).sessions
    assert talk.title == "Opening"
    assert compute_minutes(talk) == 5


def test_several_calendars_in_one_file_are_read():
    data = ics(vevent(uid="1")) + ics(vevent(uid="2"))
    assert [talk.source_id for talk in read_schedule(data).sessions] == ["1", "2"]


def test_floating_times_use_the_event_time_zone():
    zone = zoneinfo.ZoneInfo("America/New_York")
    programme = read_schedule(ics(vevent(start=":20260617T100000")), event_zone=zone)

    assert programme.sessions[0].starts_at == datetime.datetime(2026, 6, 17, 10, tzinfo=zone)
