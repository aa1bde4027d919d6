"""Import a file into an event: matching of sessions, changed fields, and reported notes."""

import datetime
import json
import zoneinfo

import pytest

from convention.audit.models import AuditEntry
from convention.errors import ConventionError, UnreadableFile
from convention.events.models import Event
from schedule.exchange.export_schedule import FORMAT_WRITERS, export_schedule
from schedule.exchange.importing.import_schedule import import_schedule, preview_schedule
from schedule.exchange.parsed_programme import TABLE_FORMATS, ScheduleFormat
from schedule.models import Schedule, Session, Speaker, Track
from tests.factories import make_event, make_room, make_session, make_track
from tests.schedule.exchange.files import day, event, frab_json, ics, make_one_room_xml, room, vevent, xml

pytestmark = pytest.mark.django_db

GUIDS = [f"00000000-0000-4000-8000-00000000000{number}" for number in range(5)]
DATE = "2026-06-17T10:00:00+02:00"
BERLIN = "<title>Conf</title><time_zone_name>Europe/Berlin</time_zone_name>"


def list_titles() -> list[str]:
    return sorted(Session.objects.values_list("title", flat=True))


def persons(*names: str) -> str:
    return f"<persons>{''.join(f'<person>{name}</person>' for name in names)}</persons>"


def count_changes(report) -> tuple[int, int, int, int]:
    return len(report.added), len(report.changed), report.unchanged, len(report.missing)


def list_notes(report, name: str) -> list[str]:
    return [note.subject_text for note in report.notes if note.reason.name == name]


def test_import_creates_a_missing_event():
    report = import_schedule(slug="conf", data=make_one_room_xml(event(date=DATE), head=BERLIN))

    made = Event.objects.get(slug="conf")
    assert made.name == "Conf"
    assert made.kind == "convention"
    assert made.visibility == "draft"
    assert made.timezone == "Europe/Berlin"
    assert made.starts_at.isoformat() == "2026-06-17T08:00:00+00:00"
    assert made.ends_at - made.starts_at == datetime.timedelta(minutes=30)
    assert report.is_event_created
    assert count_changes(report) == (1, 0, 0, 0)
    assert AuditEntry.objects.get(verb="schedule.import").event == "conf"


def test_header_dates_become_the_dates_of_the_event():
    head = BERLIN + "<start>2026-06-16</start><end>2026-06-18</end>"
    made = import_schedule(slug="conf", data=make_one_room_xml(event(date=DATE), head=head)).event
    zone = zoneinfo.ZoneInfo("Europe/Berlin")

    days = [moment.astimezone(zone).date().day for moment in (made.starts_at, made.ends_at)]

    assert days == [16, 18]


def test_a_second_import_changes_nothing():
    data = make_one_room_xml(event("A", number="1", date=DATE), event("B", date=DATE), head=BERLIN)
    import_schedule(slug="conf", data=data)
    schedule = Schedule.objects.get()

    report = import_schedule(slug="conf", data=data)

    assert count_changes(report) == (0, 0, 2, 0)
    assert Schedule.objects.get().revision == 1
    assert Schedule.objects.get().changed_at == schedule.changed_at
    verbs = AuditEntry.objects.order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["schedule.import", "schedule.publish"]


def test_session_is_matched_by_guid():
    import_schedule(slug="conf", data=make_one_room_xml(event("A", guid=GUIDS[1], date=DATE)))
    report = import_schedule(
        slug="conf", data=make_one_room_xml(event("A!", guid=GUIDS[1], date=DATE.replace("10:", "11:")))
    )

    session = Session.objects.get()
    assert session.title == "A!"
    assert session.starts_at.hour == 9
    assert count_changes(report) == (0, 1, 0, 0)
    assert Schedule.objects.get().revision == 2


def test_session_is_matched_by_id_or_uid():
    import_schedule(slug="conf", data=make_one_room_xml(event("A", number="7", date=DATE)))

    assert count_changes(
        import_schedule(slug="conf", data=make_one_room_xml(event("B", number="7", date=DATE)))
    ) == (
        0,
        1,
        0,
        0,
    )

    import_schedule(slug="cal", data=ics(vevent("DURATION:PT1H", summary="A")))
    report = import_schedule(
        slug="cal", data=ics(vevent("DURATION:PT1H", summary="B", start=":20260618T080000Z"))
    )

    assert count_changes(report) == (0, 1, 0, 0)


def test_session_is_matched_by_title_and_speakers():
    ada, bob = persons("Ada"), persons("Bob")
    import_schedule(
        slug="conf", data=make_one_room_xml(event("Talk", more=ada), event("Talk", more=bob, start="11:00"))
    )

    moved = make_one_room_xml(event("Talk", more=bob, start="09:00"), event("talk ", more=ada, start="14:00"))

    assert count_changes(import_schedule(slug="conf", data=moved)) == (0, 2, 0, 0)
    starts = {
        session.speakers.get().name: session.starts_at.astimezone(session.event.zone).hour
        for session in Session.objects.all()
    }
    assert starts == {"Ada": 14, "Bob": 9}


def test_equal_ids_do_not_match_sessions_with_different_guids():
    import_schedule(slug="conf", data=make_one_room_xml(event("A", guid=GUIDS[1], number="1", date=DATE)))
    report = import_schedule(
        slug="conf", data=make_one_room_xml(event("B", guid=GUIDS[2], number="1", date=DATE))
    )

    assert list_titles() == ["A", "B"]
    assert count_changes(report) == (1, 0, 0, 1)


def test_sessions_created_by_organizers_are_matched_by_title():
    conf = make_event(slug="conf")
    session = make_session(conf, "Opening", starts_at=None, capacity=30)

    report = import_schedule(slug="conf", data=make_one_room_xml(event(guid=GUIDS[1], date=DATE)))

    found = Session.objects.get()
    assert found.pk == session.pk
    assert found.guid == session.guid
    assert found.capacity == 30
    assert found.starts_at.hour == 8
    assert found.day == datetime.date(2026, 6, 17)
    assert found.room.name == "Aula"
    assert count_changes(report) == (0, 1, 0, 0)

    renamed = import_schedule(slug="conf", data=make_one_room_xml(event("Welcome", guid=GUIDS[1], date=DATE)))

    assert list_titles() == ["Welcome"]
    assert count_changes(renamed) == (0, 1, 0, 0)


def test_sessions_with_repeated_ids_or_titles_are_distinguished():
    data = make_one_room_xml(
        event("Lunch", number="1", start="12:00"),
        event("Lunch", number="1", start="13:00"),
        event("Lunch", start="14:00"),
        event("Lunch", start="15:00"),
    )
    report = import_schedule(slug="conf", data=data)

    assert count_changes(report) == (4, 0, 0, 0)
    assert list_notes(report, "REPEATED_ID") == ["1: Lunch"]

    guids = {session.starts_at: session.guid for session in Session.objects.all()}
    shuffled = make_one_room_xml(
        event("Lunch", start="15:00"),
        event("Lunch", number="1", start="13:00"),
        event("Lunch", start="14:00"),
        event("Lunch", number="1", start="12:00"),
    )

    assert count_changes(import_schedule(slug="conf", data=shuffled)) == (0, 0, 4, 0)
    assert {session.starts_at: session.guid for session in Session.objects.all()} == guids


def test_sessions_with_repeated_guids_are_distinguished():
    data = make_one_room_xml(event("A", guid=GUIDS[1]), event("B", guid=GUIDS[1], start="11:00"))
    report = import_schedule(slug="conf", data=data)

    assert count_changes(report) == (2, 0, 0, 0)
    assert len(list_notes(report, "REPEATED_ID")) == 1
    assert count_changes(import_schedule(slug="conf", data=data)) == (0, 0, 2, 0)


def test_import_changes_only_fields_of_the_format():
    """Calendars have no tracks, speakers and abstracts."""
    whole = event(
        "A",
        guid=GUIDS[1],
        date=DATE,
        track="Cloud",
        abstract="Short",
        language="fr",
        more=persons("Ada"),
    )
    import_schedule(slug="conf", data=make_one_room_xml(whole))
    entry = vevent("DTEND:20260617T100000Z", summary="A", uid=GUIDS[1], start=":20260617T090000Z")

    report = import_schedule(slug="conf", data=ics(entry))

    session = Session.objects.get()
    assert session.track.name == "Cloud"
    assert session.abstract == "Short"
    assert session.language == "fr"
    assert [speaker.name for speaker in session.speakers.all()] == ["Ada"]
    assert session.starts_at.hour == 9
    assert session.room.name == "Aula"
    assert count_changes(report) == (0, 1, 0, 0)


def test_empty_element_clears_its_field_and_missing_element_does_not():
    import_schedule(
        slug="conf", data=make_one_room_xml(event(subtitle="Sub", abstract="Short", guid=GUIDS[1]))
    )
    import_schedule(slug="conf", data=make_one_room_xml(event(guid=GUIDS[1], more="<subtitle></subtitle>")))

    session = Session.objects.get()
    assert session.subtitle == ""
    assert session.abstract == "Short"


def test_moved_session_without_duration_has_the_length_from_before():
    import_schedule(slug="conf", data=make_one_room_xml(event(guid=GUIDS[1], date=DATE, duration="00:45")))
    moved = event(guid=GUIDS[1], date="2026-06-18T01:00:00+02:00", start="01:00", duration="")

    import_schedule(slug="conf", data=make_one_room_xml(moved))

    session = Session.objects.get()
    assert session.duration == datetime.timedelta(minutes=45)
    assert session.day == datetime.date(2026, 6, 17)


def test_sessions_missing_from_the_file_remain_and_are_reported():
    import_schedule(slug="conf", data=make_one_room_xml(event("A"), event("B", start="11:00")))
    report = import_schedule(slug="conf", data=make_one_room_xml(event("A")))

    assert report.missing == ("B",)
    assert list_notes(report, "MISSING_SESSION") == ["B"]
    assert list_titles() == ["A", "B"]
    assert Schedule.objects.get().revision == 1


def test_room_conflicts_are_reported():
    report = import_schedule(slug="conf", data=make_one_room_xml(event("A"), event("B", start="10:15")))
    assert list_notes(report, "ROOM_CONFLICT") == ["Aula: A / B"]


def test_preview_stores_nothing():
    report = preview_schedule(slug="conf", data=make_one_room_xml(event("A")))

    assert report.is_event_created
    assert len(report.added) == 1
    assert Event.objects.count() == 0


def test_renamed_room_and_changed_track_colour_are_updated():
    def file(name: str, color: str) -> bytes:
        frame = day(f'<room name="{name}" guid="{GUIDS[0]}">{event(guid=GUIDS[1], track="Cloud")}</room>')
        return xml(frame, head=f'<title>T</title><track name="Cloud" color="{color}"/>')

    conf = import_schedule(slug="conf", data=file("Room 1", "#FF0000")).event
    import_schedule(slug="conf", data=file("Aula", "#00ff00"))
    assert [place.name for place in conf.rooms.all()] == ["Aula"]
    assert Track.objects.get().color == "#00ff00"


def test_existing_room_and_track_are_matched_case_insensitively():
    conf = make_event(slug="conf")
    aula, cloud = make_room(conf, "AULA", capacity=100), make_track(conf, "CLOUD")

    import_schedule(slug="conf", data=make_one_room_xml(event(track="Cloud")))

    session = Session.objects.get()
    assert conf.rooms.get() == aula
    assert session.room == aula
    assert conf.tracks.get() == cloud
    assert session.track == cloud


def test_names_with_combining_accents_match_composed_names():
    composed = event("A", track="Réseau", more=persons("Zoé"))
    typed = event("E\u0301te\u0301", start="11:00", track="Re\u0301seau", more=persons("Zoe\u0301", "Zoé"))

    data = xml(day(room(composed, name="Dôme"), room(typed, name="Do\u0302me")))

    conf = import_schedule(slug="conf", data=data).event
    assert [place.name for place in conf.rooms.all()] == ["Dôme"]
    assert [track.name for track in Track.objects.all()] == ["Réseau"]
    assert Speaker.objects.get().name == "Zoé"
    assert count_changes(import_schedule(slug="conf", data=data)) == (0, 0, 2, 0)
    assert Session.objects.last().title == "Été"


def test_invisible_and_bidirectional_characters_are_removed():
    import_schedule(slug="conf", data=make_one_room_xml(event("\u202eevil\u200b", track="\u2066Cloud")))

    session = Session.objects.get()
    assert session.title == "evil"
    assert session.track.name == "Cloud"


def test_equal_names_without_guids_are_one_speaker():
    first = event("A", more='<persons><person id="1">Ada</person></persons>')
    second = event("B", start="11:00", more='<persons><person id="2">Ada</person></persons>')

    import_schedule(slug="conf", data=make_one_room_xml(first, second))

    assert Speaker.objects.get().sessions.count() == 2


def test_equal_names_with_different_guids_are_two_speakers():
    people = "".join(f'<person guid="{guid}">Marc</person>' for guid in GUIDS[:2])
    data = make_one_room_xml(event(more=f"<persons>{people}</persons>"))

    import_schedule(slug="conf", data=data)

    assert Speaker.objects.count() == 2
    assert count_changes(import_schedule(slug="conf", data=data)) == (0, 0, 1, 0)


def test_renamed_speaker_is_matched_by_id():
    def file(name: str) -> bytes:
        return make_one_room_xml(
            event(guid=GUIDS[1], more=f'<persons><person id="5">{name}</person></persons>')
        )

    import_schedule(slug="conf", data=file("Ada Byron"))
    report = import_schedule(slug="conf", data=file("Ada Lovelace"))
    assert [speaker.name for speaker in Speaker.objects.all()] == ["Ada Lovelace"]
    assert Schedule.objects.get().revision == 2
    assert count_changes(report) == (0, 0, 1, 0)


def test_speakers_are_stored_in_the_order_of_the_file():
    import_schedule(
        slug="conf", data=make_one_room_xml(event(guid=GUIDS[1], more=persons("Zoe", "Ada", "Zoe")))
    )

    session = Session.objects.get()
    assert [appearance.speaker.name for appearance in session.appearances.all()] == ["Zoe", "Ada"]

    report = import_schedule(
        slug="conf", data=make_one_room_xml(event(guid=GUIDS[1], more=persons("Ada", "Zoe")))
    )

    assert [appearance.speaker.name for appearance in session.appearances.all()] == ["Ada", "Zoe"]
    assert count_changes(report) == (0, 1, 0, 0)


def test_calendar_night_sessions_belong_to_the_day_before_if_in_the_file():
    def at(hour: str, uid: str) -> str:
        return vevent("DURATION:PT1H", start=f";TZID=Europe/Paris:{hour}", uid=uid, summary=uid)

    entries = [at("20260617T003000", "before"), at("20260617T100000", "day"), at("20260618T010000", "night")]
    import_schedule(slug="conf", data=ics(*entries))
    assert set(Session.objects.values_list("day", flat=True)) == {datetime.date(2026, 6, 17)}


def test_calendar_import_cancels_and_restores_a_session():
    import_schedule(slug="conf", data=ics(vevent("DURATION:PT1H")))
    import_schedule(slug="conf", data=ics(vevent("DURATION:PT1H", "STATUS:CANCELLED")))

    assert Session.objects.get().cancelled_at is not None

    import_schedule(slug="conf", data=ics(vevent("DURATION:PT1H", "STATUS:CONFIRMED")))

    assert Session.objects.get().cancelled_at is None


def test_unscheduled_session_is_unchanged_by_reimport_in_each_format():
    conf = make_event(slug="conf")
    make_session(conf, "Later", starts_at=None)
    make_session(conf, "Now")
    for fmt in FORMAT_WRITERS:
        report = import_schedule(slug="conf", data=export_schedule(event=conf, file_format=fmt))
        assert count_changes(report) == (0, 0, 2 if fmt in TABLE_FORMATS else 1, 0)


@pytest.mark.parametrize("slug", ["", "été", "a b", "x" * 81, "../x"])
def test_invalid_slug_is_refused(slug):
    with pytest.raises(ConventionError):
        import_schedule(slug=slug, data=make_one_room_xml(event()))


def test_file_without_sessions_creates_no_event():
    with pytest.raises(UnreadableFile):
        import_schedule(slug="conf", data=make_one_room_xml(event("")))
    assert not Event.objects.exists()


def test_both_frab_json_versions_are_imported():
    talk = {
        "title": {"de": "Hallo", "fr": "Bonjour"},
        "date": DATE,
        "duration": "00:30",
        "persons": [{"name": "Ada"}],
    }
    import_schedule(slug="one", data=frab_json({**talk, "id": 3, "room": None, "track": None}))

    session = Session.objects.get(event__slug="one")
    assert session.title == "Bonjour"
    assert session.number == 3
    assert session.room.name == "Aula"

    events = [
        {
            "title": "A",
            "guid": GUIDS[1],
            "start": DATE,
            "end": "2026-06-17T11:00:00+02:00",
            "room": {"guid": GUIDS[3]},
            "track": {"slug": "c"},
            "participants": [{"name": "Ada", "guid": GUIDS[4]}],
        },
        {"title": "B", "guid": GUIDS[2], "start": DATE, "state": "WITHDRAWN"},
        {"title": "Lunch", "type": "BREAK", "start": DATE, "end": "2026-06-17T13:00:00+02:00"},
    ]
    conference = {
        "title": "Two",
        "tracks": [{"slug": "c", "name": "Cloud"}],
        "rooms": [{"guid": GUIDS[3], "name": "Aula"}],
        "days": [{"date": "2026-06-17"}],
    }
    data = json.dumps({"schedule": {"version": "2", "conference": conference, "events": events}}).encode()

    report = import_schedule(slug="two", data=data)

    assert report.format == ScheduleFormat.FRAB_JSON_2
    assert count_changes(report) == (2, 0, 0, 0)
    session = Session.objects.get(event__slug="two", title="A")
    assert session.room.name == "Aula"
    assert session.track.name == "Cloud"
    assert session.speakers.get().name == "Ada"
    assert session.duration == datetime.timedelta(hours=1)


@pytest.mark.long
def test_import_of_a_thousand_sessions_takes_few_queries(django_assert_max_num_queries):
    events = [
        event(f"Talk {number}", number=str(number), more=persons(f"P{number}")) for number in range(1, 1001)
    ]
    with django_assert_max_num_queries(115):
        import_schedule(slug="conf", data=xml(day(room(*events))))
    with django_assert_max_num_queries(50):
        import_schedule(slug="conf", data=xml(day(room(*events))))
