"""frab and Pentabarf XML: every bite of the published files, in small."""

import datetime
import uuid
import zoneinfo

import pytest

from schedule.exchange.import_notes import ImportNote, NoteReason, group_notes
from schedule.exchange.parsed_programme import ParsedLink, ParsedRoom, ParsedTrack, ScheduleFormat
from schedule.exchange.read_schedule import read_schedule
from tests.schedule.exchange import files
from tests.schedule.exchange.files import day, event, one, room, xml

PARIS = zoneinfo.ZoneInfo("Europe/Paris")
BERLIN = "<title>Test</title><time_zone_name>Europe/Berlin</time_zone_name>"
GUID = "270fa44c-821a-577f-8ca3-33e8d4a8c2a7"


def reasons(programme) -> list[NoteReason]:
    return sorted({note.reason for note in programme.notes}, key=list(NoteReason).index)


def local(talk, zone: str = "Europe/Paris") -> str:
    return talk.starts_at.astimezone(zoneinfo.ZoneInfo(zone)).isoformat()


def minutes(talk) -> float | None:
    return None if talk.ends_at is None else (talk.ends_at - talk.starts_at).total_seconds() / 60


def test_a_whole_session():
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
    programme = read_schedule(one(whole, head=BERLIN))
    [talk] = programme.sessions
    assert (talk.title, talk.subtitle, talk.track, talk.kind) == ("A title", "Sub", "Cloud", "talk")
    assert (talk.guid, talk.source_id, talk.number) == (uuid.UUID(GUID), "12", 12)
    assert (talk.language, talk.abstract, talk.description) == ("de, en", "Short", "One.\n\nTwo.")
    assert (talk.room, talk.slug, talk.url) == ("Aula", "a-title", "https://example.org/12")
    assert talk.recording_license == "CC BY"
    assert talk.recording_optout
    assert [(person.name, person.source_id) for person in talk.speakers] == [("Ada <b>L.</b>", "7")]
    assert talk.links == (ParsedLink("https://example.org/", "Site"),)
    assert talk.attachments == (ParsedLink("a.pdf", "Slides", "slides"),)
    assert talk.extra == (("feedback_url", "https://example.org/12/feedback"),)
    assert minutes(talk) == 30
    assert reasons(programme) == [NoteReason.BAD_LINK, NoteReason.NAMELESS_SPEAKER, NoteReason.UNKNOWN_FIELD]


def test_what_the_file_does_not_carry_is_none_and_not_empty():
    [talk] = read_schedule(one(event(more="<subtitle/>"))).sessions
    assert (talk.subtitle, talk.track, talk.speakers, talk.links, talk.url) == ("", None, None, None, None)


def test_a_day_may_run_past_midnight():
    night = event("Night", date="2026-06-18T01:30:00+02:00", start="01:30")
    [talk] = read_schedule(one(night, head=BERLIN)).sessions
    assert (talk.day, local(talk)) == (datetime.date(2026, 6, 17), "2026-06-18T01:30:00+02:00")


def test_a_day_that_starts_in_another_offset_keeps_its_date():
    """38C3: days say +00:00, sessions +01:00."""
    talks = room(event(date="2024-12-27T10:30:00+01:00", start="10:30"))
    programme = read_schedule(
        xml(day(talks, date="2024-12-27", start="2024-12-27T09:30:00+00:00"), head=BERLIN)
    )
    assert programme.sessions[0].day == datetime.date(2024, 12, 27)
    assert reasons(programme) == []


def test_days_dated_in_utc_are_dated_again():
    """DebConf 23: everything in UTC, the zone only in the head."""
    talk = event(date="2023-09-10T05:00:00+00:00", start="10:30")
    frame = day(room(talk), date="2023-09-09", start="2023-09-09T21:30:00+00:00")
    programme = read_schedule(xml(frame, head="<time_zone_name>Asia/Kolkata</time_zone_name>"))
    assert programme.sessions[0].day == datetime.date(2023, 9, 10)
    assert local(programme.sessions[0], "Asia/Kolkata") == "2023-09-10T10:30:00+05:30"
    assert reasons(programme) == [NoteReason.WRONG_DAY]


def test_an_offset_that_is_not_the_zones_loses_to_the_local_time():
    programme = read_schedule(one(event(date="2026-06-17T10:00:00+00:00", start="10:00"), head=BERLIN))
    assert local(programme.sessions[0]) == "2026-06-17T10:00:00+02:00"
    assert reasons(programme) == [NoteReason.WRONG_OFFSET]


def test_date_and_start_that_disagree():
    programme = read_schedule(one(event(date="2026-06-17T10:00:00+02:00", start="11:15"), head=BERLIN))
    assert local(programme.sessions[0]) == "2026-06-17T10:00:00+02:00"
    assert reasons(programme) == [NoteReason.TIMES_DISAGREE]


@pytest.mark.parametrize("offset", ["+25:00", "-14:30", "+9900"])
def test_an_offset_that_cannot_be_leaves_the_local_time(offset):
    whole = event(number="7", date=f"2026-06-17T10:00:00{offset}", start="")
    programme = read_schedule(one(whole, head=BERLIN))
    assert local(programme.sessions[0]) == "2026-06-17T10:00:00+02:00"
    about = f"Opening, 7, 2026-06-17T10:00:00{offset}"
    assert programme.notes == (ImportNote(NoteReason.BAD_OFFSET, about),)


def test_an_offset_of_an_end_that_cannot_be_leaves_its_local_time():
    ends = {"duration": "", "end": "2026-06-17T11:00:00+25:00"}
    programme = read_schedule(one(event(date="2026-06-17T10:00:00+02:00", **ends), head=BERLIN))
    assert (minutes(programme.sessions[0]), reasons(programme)) == (60, [NoteReason.BAD_OFFSET])


def test_a_date_without_offset_and_a_start_that_disagree():
    programme = read_schedule(one(event(date="2026-06-17T10:00:00", start="11:15"), head=BERLIN))
    assert local(programme.sessions[0]) == "2026-06-17T10:00:00+02:00"
    assert reasons(programme) == [NoteReason.TIMES_DISAGREE]


@pytest.mark.parametrize(
    ("date", "found", "reason"),
    [
        ("2026-03-29T01:59:00", "2026-03-29T01:59:00+01:00", None),
        ("2026-03-29T02:30:00", "2026-03-29T03:30:00+02:00", NoteReason.SKIPPED_HOUR),
        ("2026-10-25T02:30:00", "2026-10-25T02:30:00+02:00", NoteReason.REPEATED_HOUR),
        ("2026-10-25T03:00:00", "2026-10-25T03:00:00+01:00", None),
    ],
)
def test_a_local_hour_that_a_change_of_clocks_skips_or_repeats_is_told(date, found, reason):
    programme = read_schedule(one(event(date=date, start=""), head=BERLIN))
    assert local(programme.sessions[0]) == found
    assert programme.notes == ((ImportNote(reason, f"Opening, {date}"),) if reason else ())


def test_a_start_alone_in_the_hour_that_is_skipped_is_told():
    head = BERLIN + "<day_change>01:00:00</day_change>"
    programme = read_schedule(xml(day(event(start="02:30", date="2026-03-29")), head=head))
    assert local(programme.sessions[0]) == "2026-03-29T03:30:00+02:00"
    assert reasons(programme) == [NoteReason.SKIPPED_HOUR]


def test_every_time_that_was_guessed_is_named():
    """Three examples do for what changes nothing; who runs the event looks at each session without an end."""
    programme = read_schedule(one(*(event(f"Talk {n}", duration="") for n in range(60)), head=BERLIN))
    [group] = [group for group in group_notes(programme.notes) if group.reason is NoteReason.NO_DURATION]
    assert (group.count, group.examples) == (60, tuple(f"Talk {n}, 10:00" for n in range(50)))
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
def test_a_start_without_date_belongs_to_its_day_or_the_night_after(start, found):
    """FOSDEM: local times only."""
    [talk] = read_schedule(one(event(start=start))).sessions
    assert (local(talk), talk.day) == (found, datetime.date(2026, 6, 17))


def test_pentabarfs_change_of_day_counts_until_dawn():
    head = "<title>T</title><day_change>09:00:00</day_change>"
    talks = read_schedule(
        one(event("Night", start="05:30"), event("Early", start="08:30"), head=head)
    ).sessions
    assert [local(talk) for talk in talks] == ["2026-06-18T05:30:00+02:00", "2026-06-17T08:30:00+02:00"]


def test_without_zone_the_events_counts():
    programme = read_schedule(one(event()), event_zone=zoneinfo.ZoneInfo("America/New_York"))
    assert local(programme.sessions[0], "America/New_York") == "2026-06-17T10:00:00-04:00"
    assert [note.subject_text for note in programme.notes if note.reason is NoteReason.NO_ZONE] == [
        "America/New_York"
    ]


def test_without_any_zone_it_is_paris():
    programme = read_schedule(one(event()))
    assert programme.header.zone_name == "Europe/Paris"
    assert NoteReason.NO_ZONE in reasons(programme)


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
def test_a_zone_that_fits_the_offsets(offset, zone):
    programme = read_schedule(one(event(date=f"2026-07-17T10:00:00{offset}")))
    assert (programme.header.zone_name, reasons(programme)) == (zone, [NoteReason.GUESSED_ZONE])


def test_an_unknown_zone_is_left_out():
    programme = read_schedule(one(event(), head="<time_zone_name>Mars/Olympus</time_zone_name>"))
    assert programme.header.zone_name == "Europe/Paris"
    assert NoteReason.UNKNOWN_ZONE in reasons(programme)


def test_a_windows_zone():
    head = "<time_zone_name>Romance Standard Time</time_zone_name>"
    assert read_schedule(one(event(), head=head)).header.zone_name == "Europe/Paris"


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
def test_durations(written, length):
    programme = read_schedule(one(event(duration=written)))
    assert minutes(programme.sessions[0]) == length
    assert (NoteReason.NO_DURATION in reasons(programme)) == (length is None)


def test_an_end_instead_of_a_duration():
    [talk] = read_schedule(one(event(start="23:30", duration="", more="<end>00:15</end>"))).sessions
    assert minutes(talk) == 45


def test_an_impossible_end_of_the_conference():
    programme = read_schedule(one(event(), head="<start>2026-06-17</start><end>20008-02-24</end>"))
    assert [note.subject_text for note in programme.notes if note.reason is NoteReason.BAD_DATE] == [
        "20008-02-24"
    ]


def test_events_directly_under_the_day():
    loose = day(event("A", room="Janson"), event("B", room="Lameere"), event("C"))
    programme = read_schedule(xml(loose))
    assert [talk.room for talk in programme.sessions] == ["Janson", "Lameere", None]
    assert programme.rooms == (ParsedRoom("Janson"), ParsedRoom("Lameere"))


def test_without_title_or_start_it_is_skipped_and_said():
    programme = read_schedule(one(event(), event("", number="5"), event("No start", start="")))
    assert [talk.title for talk in programme.sessions] == ["Opening"]
    skipped = [(note.reason, note.subject_text) for note in programme.notes if "NO_" in note.reason.name]
    assert (NoteReason.NO_TITLE, "5, 10:00") in skipped
    assert (NoteReason.NO_START, "No start") in skipped


def test_long_titles_are_whole():
    title = "Très long " * 60
    assert read_schedule(one(event(title))).sessions[0].title == title.strip()
    programme = read_schedule(one(event("x" * 3000)))
    assert len(programme.sessions[0].title) == 2000
    assert NoteReason.TOO_LONG in reasons(programme)


def test_the_same_entry_twice_is_one():
    programme = read_schedule(one(event(), event(), event(start="11:00")))
    assert len(programme.sessions) == 2
    assert NoteReason.REPEATED_ENTRY in reasons(programme)


def test_tracks_rooms_and_head():
    head = (
        "<title>Test</title><acronym>T26</acronym><base_url>https://example.org/</base_url>"
        "<timeslot_duration>00:10</timeslot_duration>"
        '<track name="Cloud" color="#F9B000" slug="cloud"/><track>Plain</track>'
    )
    frame = day(f'<room name="Aula" guid="{GUID}">{event()}</room><room name="Empty"/>')
    programme = read_schedule(xml(frame, head=head))
    assert programme.tracks == (ParsedTrack("Cloud", "cloud", "#f9b000"), ParsedTrack("Plain"))
    assert programme.rooms == (ParsedRoom("Aula", GUID),)
    assert (programme.header.acronym, programme.header.slot_minutes) == ("T26", 10)
    assert (programme.header.base_url, programme.header.version) == ("https://example.org/", "1")
    assert programme.format is ScheduleFormat.FRAB_XML


def test_far_away_sessions_are_kept_and_told():
    programme = read_schedule(
        one(*[event(f"T{n}") for n in range(3)], event("Old", date="2016-08-06T10:00:00+02:00"))
    )
    assert len(programme.sessions) == 4
    assert [note.subject_text for note in programme.notes if note.reason is NoteReason.FAR_AWAY] == [
        "Old, 2016-08-06"
    ]


def test_a_head_of_another_year_is_told():
    programme = read_schedule(one(event(), head="<start>2020-07-24</start><end>2020-07-26</end>"))
    assert NoteReason.OTHER_DATES in reasons(programme)


def test_one_speakers_id_for_several_names():
    def person(name: str) -> str:
        return f'<persons><person id="282">{name}</person></persons>'

    programme = read_schedule(one(event("A", more=person("Ada")), event("B", more=person("Bob"))))
    assert [note.subject_text for note in programme.notes if note.reason is NoteReason.SHARED_SPEAKER_ID] == [
        "282: Ada, Bob"
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_encodings_known_by_their_marks(encoding):
    text = files.one(event("Ärger – 日本 🎉")).decode()
    assert read_schedule(text.encode(encoding)).sessions[0].title == "Ärger – 日本 🎉"


def test_a_declared_encoding():
    text = '<?xml version="1.0" encoding="ISO-8859-15"?>' + one(event("Été à 5 €")).decode()
    programme = read_schedule(text.encode("iso-8859-15"))
    assert programme.sessions[0].title == "Été à 5 €"
    assert NoteReason.ENCODING not in reasons(programme)


@pytest.mark.parametrize("declared", ["", '<?xml version="1.0" encoding="UTF-8"?>', '<?xml version="1.0"?>'])
def test_western_european_that_does_not_say_so(declared):
    programme = read_schedule((declared + one(event("Été")).decode()).encode("latin-1"))
    assert programme.sessions[0].title == "Été"
    assert NoteReason.ENCODING in reasons(programme)


def test_characters_that_xml_does_not_allow():
    programme = read_schedule(one(event("A\x00B\x0b &#11;R&D&nbsp;Lab &eacute; &amp;")))
    assert programme.sessions[0].title == "AB R&D Lab é &"
    assert NoteReason.CONTROL_CHARACTERS in reasons(programme)
    assert NoteReason.BAD_XML in reasons(programme)


def test_html_names_of_markup_characters_are_text():
    [talk] = read_schedule(one(event("a &LT; b &AMP; c&nbsp;d"))).sessions

    assert talk.title == "a < b & c d"


def test_markup_inside_a_text_stays():
    [talk] = read_schedule(one(event(description="<p>One <b>two</b></p>"))).sessions
    assert talk.description == "<p>One <b>two</b></p>"


def test_namespaces_and_comments_do_not_matter():
    data = one(event()).replace(b"<schedule>", b'<!-- hello --><s:schedule xmlns:s="urn:x" xmlns="urn:y">')
    assert len(read_schedule(data.replace(b"</schedule>", b"</s:schedule>")).sessions) == 1
