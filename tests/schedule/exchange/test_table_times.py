"""Starts and ends in tables of sessions: those that are missing, and those that no clock shows."""

import datetime
import zoneinfo

import pytest

from convention.errors import UnreadableFile
from schedule.drafts.current_draft import get_current_draft, load_slot_states
from schedule.exchange.export_schedule import export_schedule
from schedule.exchange.import_notes import NoteReason
from schedule.exchange.importing.import_schedule import ImportTarget, import_schedule
from schedule.exchange.parsed_programme import ScheduleFormat
from schedule.exchange.read_schedule import read_schedule
from schedule.models import Session
from tests.factories import make_event, make_room, make_session
from tests.schedule.versions.timetables import change_slot

from .files import make_csv

PARIS = zoneinfo.ZoneInfo("Europe/Paris")


def at(day: int, hour: int, minute: int = 0) -> datetime.datetime:
    return datetime.datetime(2026, 10, day, hour, minute, tzinfo=PARIS).astimezone(datetime.UTC)


@pytest.mark.parametrize("start", ["25:00", "24:00", "31h15", "2026-10-24 25:00", "24/10/2026 25h"])
def test_row_that_starts_after_the_end_of_its_day_is_refused(start):
    rows = [["Titre", "Jour", "Début"], ["A", "24/10/2026", "9:00"], ["Late", "24/10/2026", start]]

    programme = read_schedule(make_csv(*rows))

    assert [session.title for session in programme.sessions] == ["A"]
    assert (NoteReason.HOUR_PAST_MIDNIGHT, f"Late, {start}", 3) in [
        (note.reason, note.subject_text, note.row) for note in programme.notes
    ]


@pytest.mark.parametrize(("end", "hours"), [("24:00", 2), ("25:00", None), ("0:30", 2.5), ("23h", 1)])
def test_end_of_a_row_may_be_midnight_but_no_later_hour(end, hours):
    rows = [["Title", "Start", "End"], ["A", "24.10.2026 22:00", end]]

    [session] = read_schedule(make_csv(*rows)).sessions

    length = session.ends_at and session.ends_at - session.starts_at
    assert length == (hours and datetime.timedelta(hours=hours))


@pytest.mark.django_db
def test_session_without_an_end_is_shown_with_its_start_alone(client):
    make_event(slug="conf", starts_at=at(24, 8), ends_at=at(25, 18), timezone="Europe/Paris")

    import_schedule(slug="conf", data=make_csv(["Title", "Start"], ["Walk", "2026-10-24 15:00"]))

    agenda = client.get("/en/events/conf/agenda/?day=all").text
    assert "15:00" in agenda
    assert "15:00–15:00" not in agenda


TALKS = make_csv(
    ["Title", "Speakers", "Duration", "Room"], ["A", "Ada", "45", "Hall"], ["B", "Bob; Eve", "", ""]
)


@pytest.fixture
def event():
    # West of Greenwich, where the moment that stands for “no start” has no local time.
    return make_event(slug="conf", starts_at=at(24, 8), ends_at=at(25, 18), timezone="America/New_York")


@pytest.mark.django_db
def test_list_of_talks_becomes_sessions_without_a_time(event):
    report = import_schedule(slug="conf", data=TALKS)

    assert report.added == ("A", "B")
    first, second = Session.objects.order_by("number")
    assert first.starts_at is None
    assert first.planned_minutes == 45
    assert second.starts_at is None
    assert second.planned_minutes is None
    assert set(second.speakers.values_list("name", flat=True)) == {"Bob", "Eve"}
    assert load_slot_states(get_current_draft(event)) == {}


@pytest.mark.django_db
def test_list_of_talks_imported_again_changes_nothing(event):
    import_schedule(slug="conf", data=TALKS)

    again = import_schedule(slug="conf", data=TALKS)

    assert again.added == ()
    assert again.changed == ()
    assert again.unchanged == 2


@pytest.mark.django_db
def test_row_without_a_start_keeps_the_time_that_the_session_has(event):
    import_schedule(slug="conf", data=TALKS)
    placed = Session.objects.get(title="A")
    change_slot(placed, room_id=make_room(event, "Lab").pk)
    before = load_slot_states(get_current_draft(event))

    report = import_schedule(slug="conf", data=TALKS.replace(b"Ada", b"Ada; Zoe"), target=ImportTarget.DRAFT)

    assert report.changed == ("A",)
    assert placed.speakers.count() == 2
    after = load_slot_states(get_current_draft(event))[placed.pk]
    assert after.starts_at == before[placed.pk].starts_at


@pytest.mark.django_db
@pytest.mark.parametrize("file_format", [ScheduleFormat.CSV, ScheduleFormat.XLSX])
def test_table_carries_the_planned_length_of_a_session_without_a_time(event, file_format):
    session = make_session(event, "Open", starts_at=None, planned_minutes=45)
    data = export_schedule(event=event, file_format=file_format)
    session.planned_minutes = None
    session.save()

    report = import_schedule(slug="conf", data=data)

    session.refresh_from_db()
    assert session.planned_minutes == 45
    assert [str(field) for change in report.changes for field in change.fields] == ["Duration: (empty) → 45"]


@pytest.mark.django_db
def test_start_added_to_a_planned_session_gives_it_its_planned_length(event):
    make_session(event, "Open", starts_at=None, planned_minutes=45)
    rows = [["Title", "Start (Europe/Paris)"], ["Open", "2026-10-24 15:00"]]

    import_schedule(slug="conf", data=make_csv(*rows))

    session = Session.objects.get()
    assert session.starts_at == at(24, 15)
    assert session.ends_at == at(24, 15, 45)


@pytest.mark.django_db
def test_no_event_is_created_for_a_list_without_any_start():
    with pytest.raises(UnreadableFile, match="no event was created"):
        import_schedule(slug="other", data=TALKS)
