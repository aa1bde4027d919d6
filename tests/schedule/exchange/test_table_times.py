"""Starts and ends in tables of sessions: those that are missing, and those that no clock shows."""

import datetime
import zoneinfo

import pytest

from schedule.exchange.import_notes import NoteReason
from schedule.exchange.importing.import_schedule import import_schedule
from schedule.exchange.read_schedule import read_schedule
from tests.factories import make_event

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
