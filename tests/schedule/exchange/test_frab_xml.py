"""frab and Pentabarf XML: each peculiarity of the published files, as a small example."""

import datetime
import uuid
import zoneinfo

import pytest

from schedule.exchange.import_notes import ImportNote, NoteReason, group_notes
from schedule.exchange.parsed_programme import ParsedLink, ParsedRoom, ParsedTrack, ScheduleFormat
from schedule.exchange.read_schedule import read_schedule
from tests.schedule.exchange import files
from tests.schedule.exchange.files import day, event, make_one_room_xml, room, xml

PARIS = zoneinfo.ZoneInfo("Europe/Paris")
BERLIN = "<title>Test</title><time_zone_name>Europe/Berlin</time_zone_name>"
GUID = "270fa44c-821a-577f-8ca3-33e8d4a8c2a7"


def list_reasons(programme) -> list[NoteReason]:
    return sorted({note.reason for note in programme.notes}, key=list(NoteReason).index)


def format_local_start(talk, zone: str = "Europe/Paris") -> str:
    return talk.starts_at.astimezone(zoneinfo.ZoneInfo(zone)).isoformat()


def compute_minutes(talk) -> float | None:
    return None if talk.ends_at is None else (talk.ends_at - talk.starts_at).total_seconds() / 60


def test_all_session_fields_are_read():
    more = (
        '<recording><license>CC BY</license><optout>true</optout></recording><persons><person id="7" '
        f'guid="{GUID}">Ada <b>L.</b></person><person>  </person></persons><links><link href="https://example.org/">'
        'Site</link><link href="javascript:alert(1)">x</link></links><attachments><attachment '
        'href="a.pdf" type="slides">Slides</attachment></attachments><answers><answer>1</answer></answers>'
    )
    whole = event(
        "  A\n title ",
        guid=GUID,
        number="12",
        date="2026-06-17T10:00:00+02:00",
        subtitle="Sub",
        track="Cloud",
        type="talk",
        language="de, en",
        abstract="Short",
        description=" One.\r\n\r\nTwo. ",
        slug="a-title",
        url="https://example.org/12",
        feedback_url="https://example.org/12/feedback",
        more=more,
    )

    programme = read_schedule(make_one_room_xml(whole, head=BERLIN))

    [talk] = programme.sessions
    assert talk.title == "A title"
    assert talk.subtitle == "Sub"
    assert talk.track == "Cloud"
    assert talk.kind == "talk"
    assert talk.guid == uuid.UUID(GUID)
    assert talk.source_id == "12"
    assert talk.number == 12
    assert talk.language == "de, en"
    assert talk.abstract == "Short"
    assert talk.description == "One.\n\nTwo."
    assert talk.room == "Aula"
    assert talk.slug == "a-title"
    assert talk.url == "https://example.org/12"
    assert talk.recording_license == "CC BY"
    assert talk.recording_optout
    assert [(person.name, person.source_id) for person in talk.speakers] == [("Ada <b>L.</b>", "7")]
    assert talk.links == (ParsedLink("https://example.org/", "Site"),)
    assert talk.attachments == (ParsedLink("a.pdf", "Slides", "slides"),)
    assert talk.extra == (("feedback_url", "https://example.org/12/feedback"),)
    assert compute_minutes(talk) == 30
    assert list_reasons(programme) == [
        NoteReason.BAD_LINK,
        NoteReason.NAMELESS_SPEAKER,
        NoteReason.UNKNOWN_FIELD,
    ]


def test_missing_fields_are_none_and_empty_elements_are_empty():
    [talk] = read_schedule(make_one_room_xml(event(more="<subtitle/>"))).sessions

    assert talk.subtitle == ""
    assert talk.track is None
    assert talk.speakers is None
    assert talk.links is None
    assert talk.url is None


def test_session_after_midnight_belongs_to_the_day_element():
    night = event("Night", date="2026-06-18T01:30:00+02:00", start="01:30")

    [talk] = read_schedule(make_one_room_xml(night, head=BERLIN)).sessions
    assert talk.day == datetime.date(2026, 6, 17)
    assert format_local_start(talk) == "2026-06-18T01:30:00+02:00"


def test_day_that_starts_in_another_offset_has_the_date_of_the_file():
    """38C3: days say +00:00, sessions +01:00."""
    talks = room(event(date="2024-12-27T10:30:00+01:00", start="10:30"))
    programme = read_schedule(
        xml(day(talks, date="2024-12-27", start="2024-12-27T09:30:00+00:00"), head=BERLIN)
    )

    assert programme.sessions[0].day == datetime.date(2024, 12, 27)
    assert list_reasons(programme) == []


def test_days_dated_in_utc_are_corrected_to_local_dates():
    """DebConf 23: everything in UTC, the zone only in the head."""
    talk = event(date="2023-09-10T05:00:00+00:00", start="10:30")
    frame = day(room(talk), date="2023-09-09", start="2023-09-09T21:30:00+00:00")

    programme = read_schedule(xml(frame, head="<time_zone_name>Asia/Kolkata</time_zone_name>"))

    assert programme.sessions[0].day == datetime.date(2023, 9, 10)
    assert format_local_start(programme.sessions[0], "Asia/Kolkata") == "2023-09-10T10:30:00+05:30"
    assert list_reasons(programme) == [NoteReason.WRONG_DAY]


def test_local_time_wins_over_an_offset_that_contradicts_the_zone():
    programme = read_schedule(
        make_one_room_xml(event(date="2026-06-17T10:00:00+00:00", start="10:00"), head=BERLIN)
    )

    assert format_local_start(programme.sessions[0]) == "2026-06-17T10:00:00+02:00"
    assert list_reasons(programme) == [NoteReason.WRONG_OFFSET]


def test_date_wins_over_a_different_start():
    programme = read_schedule(
        make_one_room_xml(event(date="2026-06-17T10:00:00+02:00", start="11:15"), head=BERLIN)
    )

    assert format_local_start(programme.sessions[0]) == "2026-06-17T10:00:00+02:00"
    assert list_reasons(programme) == [NoteReason.TIMES_DISAGREE]


@pytest.mark.parametrize("offset", ["+25:00", "-14:30", "+9900"])
def test_impossible_offset_is_ignored_and_reported(offset):
    whole = event(number="7", date=f"2026-06-17T10:00:00{offset}", start="")
    programme = read_schedule(make_one_room_xml(whole, head=BERLIN))

    assert format_local_start(programme.sessions[0]) == "2026-06-17T10:00:00+02:00"
    about = f"Opening, 7, 2026-06-17T10:00:00{offset}"
    assert programme.notes == (ImportNote(NoteReason.BAD_OFFSET, about),)


def test_impossible_offset_of_an_end_is_ignored_and_reported():
    ends = {"duration": "", "end": "2026-06-17T11:00:00+25:00"}
    programme = read_schedule(make_one_room_xml(event(date="2026-06-17T10:00:00+02:00", **ends), head=BERLIN))

    assert compute_minutes(programme.sessions[0]) == 60
    assert list_reasons(programme) == [NoteReason.BAD_OFFSET]


def test_date_without_offset_wins_over_a_different_start():
    programme = read_schedule(
        make_one_room_xml(event(date="2026-06-17T10:00:00", start="11:15"), head=BERLIN)
    )

    assert format_local_start(programme.sessions[0]) == "2026-06-17T10:00:00+02:00"
    assert list_reasons(programme) == [NoteReason.TIMES_DISAGREE]


@pytest.mark.parametrize(
    ("date", "found", "reason"),
    [
        ("2026-03-29T01:59:00", "2026-03-29T01:59:00+01:00", None),
        ("2026-03-29T02:30:00", "2026-03-29T03:30:00+02:00", NoteReason.SKIPPED_HOUR),
        ("2026-10-25T02:30:00", "2026-10-25T02:30:00+02:00", NoteReason.REPEATED_HOUR),
        ("2026-10-25T03:00:00", "2026-10-25T03:00:00+01:00", None),
    ],
)
def test_local_time_skipped_or_repeated_by_a_clock_change_is_reported(date, found, reason):
    programme = read_schedule(make_one_room_xml(event(date=date, start=""), head=BERLIN))

    assert format_local_start(programme.sessions[0]) == found
    assert programme.notes == ((ImportNote(reason, f"Opening, {date}"),) if reason else ())


def test_start_in_a_skipped_hour_is_reported():
    head = BERLIN + "<day_change>01:00:00</day_change>"
    programme = read_schedule(xml(day(event(start="02:30", date="2026-03-29")), head=head))

    assert format_local_start(programme.sessions[0]) == "2026-03-29T03:30:00+02:00"
    assert list_reasons(programme) == [NoteReason.SKIPPED_HOUR]


def test_up_to_fifty_sessions_without_duration_are_listed():
    """Other notes show three examples, but organizers must check each session without an end."""
    programme = read_schedule(
        make_one_room_xml(*(event(f"Talk {n}", duration="") for n in range(60)), head=BERLIN)
    )
    [group] = [group for group in group_notes(programme.notes) if group.reason is NoteReason.NO_DURATION]

    assert group.count == 60
    assert group.examples == tuple(f"Talk {n}, 10:00" for n in range(50))
    assert str(group).endswith("; Talk 49, 10:00; …")


@pytest.mark.parametrize(
    ("start", "found"),
    [
        ("9:30", "2026-06-17T09:30:00+02:00"),
        ("09:30:00", "2026-06-17T09:30:00+02:00"),
        ("9h30", "2026-06-17T09:30:00+02:00"),
        ("24:30", "2026-06-18T00:30:00+02:00"),
        ("00:30", "2026-06-18T00:30:00+02:00"),
        ("05:30", "2026-06-17T05:30:00+02:00"),
    ],
)
def test_start_without_date_is_on_its_day_or_in_the_night_after(start, found):
    """FOSDEM: local times only."""
    [talk] = read_schedule(make_one_room_xml(event(start=start))).sessions

    assert format_local_start(talk) == found
    assert talk.day == datetime.date(2026, 6, 17)


def test_pentabarf_day_change_applies_to_night_hours_only():
    head = "<title>T</title><day_change>09:00:00</day_change>"

    talks = read_schedule(
        make_one_room_xml(event("Night", start="05:30"), event("Early", start="08:30"), head=head)
    ).sessions
    assert [format_local_start(talk) for talk in talks] == [
        "2026-06-18T05:30:00+02:00",
        "2026-06-17T08:30:00+02:00",
    ]


def test_event_time_zone_is_used_if_the_file_has_none():
    programme = read_schedule(make_one_room_xml(event()), event_zone=zoneinfo.ZoneInfo("America/New_York"))

    assert format_local_start(programme.sessions[0], "America/New_York") == "2026-06-17T10:00:00-04:00"
    assert [note.subject_text for note in programme.notes if note.reason is NoteReason.NO_ZONE] == [
        "America/New_York"
    ]


def test_default_time_zone_is_paris():
    programme = read_schedule(make_one_room_xml(event()))

    assert programme.header.zone_name == "Europe/Paris"
    assert NoteReason.NO_ZONE in list_reasons(programme)


@pytest.mark.parametrize(
    ("offset", "zone"),
    [
        ("+02:00", "Europe/Paris"),
        ("+01:00", "Europe/London"),
        ("Z", "UTC"),
        ("-07:00", "America/Los_Angeles"),
        ("-02:00", "Etc/GMT+2"),
        ("+08:00", "Asia/Shanghai"),
    ],
)
def test_time_zone_is_guessed_from_the_offsets(offset, zone):
    programme = read_schedule(make_one_room_xml(event(date=f"2026-07-17T10:00:00{offset}")))

    assert programme.header.zone_name == zone
    assert list_reasons(programme) == [NoteReason.GUESSED_ZONE]


def test_unknown_time_zone_is_ignored_and_reported():
    programme = read_schedule(
        make_one_room_xml(event(), head="<time_zone_name>Mars/Olympus</time_zone_name>")
    )

    assert programme.header.zone_name == "Europe/Paris"
    assert NoteReason.UNKNOWN_ZONE in list_reasons(programme)


def test_windows_time_zone_is_recognized():
    head = "<time_zone_name>Romance Standard Time</time_zone_name>"
    assert read_schedule(make_one_room_xml(event(), head=head)).header.zone_name == "Europe/Paris"


@pytest.mark.parametrize(
    ("written", "length"),
    [
        ("1:00", 60),
        ("01:00:00", 60),
        ("90", 90),
        ("00:30", 30),
        ("12:00", 720),
        ("1h30", 90),
        ("PT1H30M", 90),
        ("0:00", 0),
        ("soon", None),
        ("", None),
    ],
)
def test_duration_formats_are_parsed(written, length):
    programme = read_schedule(make_one_room_xml(event(duration=written)))

    assert compute_minutes(programme.sessions[0]) == length
    assert (NoteReason.NO_DURATION in list_reasons(programme)) == (length is None)


def test_end_is_read_if_the_duration_is_missing():
    [talk] = read_schedule(
        make_one_room_xml(event(start="23:30", duration="", more="<end>00:15</end>"))
    ).sessions
    assert compute_minutes(talk) == 45


def test_impossible_conference_end_is_reported():
    programme = read_schedule(
        make_one_room_xml(event(), head="<start>2026-06-17</start><end>20008-02-24</end>")
    )
    assert [note.subject_text for note in programme.notes if note.reason is NoteReason.BAD_DATE] == [
        "20008-02-24"
    ]


def test_events_directly_under_a_day_are_read():
    loose = day(event("A", room="Janson"), event("B", room="Lameere"), event("C"))
    programme = read_schedule(xml(loose))

    assert [talk.room for talk in programme.sessions] == ["Janson", "Lameere", None]
    assert programme.rooms == (ParsedRoom("Janson"), ParsedRoom("Lameere"))


def test_events_without_title_or_start_are_skipped_and_reported():
    programme = read_schedule(make_one_room_xml(event(), event("", number="5"), event("No start", start="")))

    assert [talk.title for talk in programme.sessions] == ["Opening"]

    skipped = [(note.reason, note.subject_text) for note in programme.notes if "NO_" in note.reason.name]

    assert (NoteReason.NO_TITLE, "5, 10:00") in skipped
    assert (NoteReason.NO_START, "No start") in skipped


def test_titles_are_truncated_at_2000_characters():
    title = "Très long " * 60

    assert read_schedule(make_one_room_xml(event(title))).sessions[0].title == title.strip()

    programme = read_schedule(make_one_room_xml(event("x" * 3000)))

    assert len(programme.sessions[0].title) == 2000
    assert NoteReason.TOO_LONG in list_reasons(programme)


def test_repeated_entry_is_read_once():
    programme = read_schedule(make_one_room_xml(event(), event(), event(start="11:00")))

    assert len(programme.sessions) == 2
    assert NoteReason.REPEATED_ENTRY in list_reasons(programme)


def test_tracks_rooms_and_header_are_read():
    head = (
        "<title>Test</title><acronym>T26</acronym><base_url>https://example.org/</base_url>"
        "<timeslot_duration>00:10</timeslot_duration>"
        '<track name="Cloud" color="#F9B000" slug="cloud"/><track>Plain</track>'
    )
    frame = day(f'<room name="Aula" guid="{GUID}">{event()}</room><room name="Empty"/>')

    programme = read_schedule(xml(frame, head=head))

    assert programme.tracks == (ParsedTrack("Cloud", "cloud", "#f9b000"), ParsedTrack("Plain"))
    assert programme.rooms == (ParsedRoom("Aula", GUID),)
    assert programme.header.acronym == "T26"
    assert programme.header.slot_minutes == 10
    assert programme.header.base_url == "https://example.org/"
    assert programme.header.version == "1"
    assert programme.format is ScheduleFormat.FRAB_XML


def test_sessions_on_distant_dates_are_read_and_reported():
    programme = read_schedule(
        make_one_room_xml(*[event(f"T{n}") for n in range(3)], event("Old", date="2016-08-06T10:00:00+02:00"))
    )

    assert len(programme.sessions) == 4
    assert [note.subject_text for note in programme.notes if note.reason is NoteReason.FAR_AWAY] == [
        "Old, 2016-08-06"
    ]


def test_header_dates_of_another_year_are_reported():
    programme = read_schedule(
        make_one_room_xml(event(), head="<start>2020-07-24</start><end>2020-07-26</end>")
    )
    assert NoteReason.OTHER_DATES in list_reasons(programme)


def test_speaker_id_shared_by_several_names_is_reported():
    def person(name: str) -> str:
        return f'<persons><person id="282">{name}</person></persons>'

    programme = read_schedule(
        make_one_room_xml(event("A", more=person("Ada")), event("B", more=person("Bob")))
    )
    assert [note.subject_text for note in programme.notes if note.reason is NoteReason.SHARED_SPEAKER_ID] == [
        "282: Ada, Bob"
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_unicode_encodings_are_detected(encoding):
    text = files.make_one_room_xml(event("Ärger – 日本 🎉")).decode()
    assert read_schedule(text.encode(encoding)).sessions[0].title == "Ärger – 日本 🎉"


def test_declared_encoding_is_used():
    text = '<?xml version="1.0" encoding="ISO-8859-15"?>' + make_one_room_xml(event("Été à 5 €")).decode()
    programme = read_schedule(text.encode("iso-8859-15"))

    assert programme.sessions[0].title == "Été à 5 €"
    assert NoteReason.ENCODING not in list_reasons(programme)


@pytest.mark.parametrize("declared", ["", '<?xml version="1.0" encoding="UTF-8"?>', '<?xml version="1.0"?>'])
def test_undeclared_or_misdeclared_latin_1_is_read_and_reported(declared):
    programme = read_schedule((declared + make_one_room_xml(event("Été")).decode()).encode("latin-1"))

    assert programme.sessions[0].title == "Été"
    assert NoteReason.ENCODING in list_reasons(programme)


def test_characters_invalid_in_xml_are_removed_and_reported():
    programme = read_schedule(make_one_room_xml(event("A\x00B\x0b &#11;R&D&nbsp;Lab &eacute; &amp;")))

    assert programme.sessions[0].title == "AB R&D Lab é &"
    assert NoteReason.CONTROL_CHARACTERS in list_reasons(programme)
    assert NoteReason.BAD_XML in list_reasons(programme)


def test_html_entities_of_markup_characters_are_read_as_text():
    [talk] = read_schedule(make_one_room_xml(event("a &LT; b &AMP; c&nbsp;d"))).sessions

    assert talk.title == "a < b & c d"


def test_markup_in_descriptions_is_preserved():
    [talk] = read_schedule(make_one_room_xml(event(description="<p>One <b>two</b></p>"))).sessions
    assert talk.description == "<p>One <b>two</b></p>"


def test_namespaces_and_comments_are_ignored():
    data = make_one_room_xml(event()).replace(
        b"<schedule>", b'<!-- hello --><s:schedule xmlns:s="urn:x" xmlns="urn:y">'
    )
    assert len(read_schedule(data.replace(b"</schedule>", b"</s:schedule>")).sessions) == 1
