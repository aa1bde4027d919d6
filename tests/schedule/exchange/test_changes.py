"""Title matching within and across years, and the field changes listed by a preview."""

import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from lxml import html

from schedule.exchange.importing.changes import MAX_VALUE_CHARS, shorten_difference
from schedule.exchange.importing.import_schedule import import_schedule, preview_schedule
from schedule.models import Session
from tests.factories import make_administrator, make_event, make_room, make_session

from .files import event as entry
from .files import ics, make_one_room_xml, vevent
from .schemas import FOLDER

pytestmark = pytest.mark.django_db

UTC = datetime.UTC
GUID = "00000000-0000-4000-8000-000000000001"


def at(year: int, hour: int, day: int = 17) -> datetime.datetime:
    return datetime.datetime(year, 6, day, hour, tzinfo=UTC)


@pytest.fixture
def next_year():
    """An event of 2027, with a break that has no speaker."""
    event = make_event(slug="conf", starts_at=at(2027, 6), ends_at=at(2027, 18), timezone="Europe/Paris")
    make_session(event, "Pause", starts_at=at(2027, 8))
    return event


def make_calendar(summary: str, start: datetime.datetime) -> bytes:
    return ics(vevent("DURATION:PT30M", summary=summary, start=f":{start:%Y%m%dT%H%M%SZ}"))


def count_changes(report) -> tuple[int, int]:
    return len(report.added), len(report.changed)


def test_a_title_alone_does_not_match_another_year(next_year):
    assert count_changes(preview_schedule(slug="conf", data=make_calendar("Pause", at(2022, 8)))) == (1, 0)


def test_a_title_alone_matches_within_the_dates_of_the_event(next_year):
    assert count_changes(preview_schedule(slug="conf", data=make_calendar("Pause", at(2027, 14)))) == (0, 1)


def test_a_title_alone_matches_on_the_same_day(next_year):
    make_session(next_year, "Déjeuner", starts_at=at(2022, 10))

    assert count_changes(preview_schedule(slug="conf", data=make_calendar("Déjeuner", at(2022, 11)))) == (
        0,
        1,
    )


def test_a_title_alone_matches_a_session_without_a_time(next_year):
    make_session(next_year, "Apéro", starts_at=None)

    assert count_changes(preview_schedule(slug="conf", data=make_calendar("Apéro", at(2022, 16)))) == (0, 1)


def test_sessions_without_speakers_do_not_match_across_years(next_year):
    nobody = make_one_room_xml(entry("Pause", date="2022-06-17T10:00:00+02:00", more="<persons></persons>"))

    assert count_changes(preview_schedule(slug="conf", data=nobody)) == (1, 0)


def test_a_common_speaker_matches_in_any_year(next_year):
    make_session(next_year, "Talk", starts_at=at(2027, 9), speakers=("Ada",))
    talk = entry("Talk", date="2022-06-17T10:00:00+02:00", more="<persons><person>Ada</person></persons>")

    assert count_changes(preview_schedule(slug="conf", data=make_one_room_xml(talk))) == (0, 1)


def test_break_of_the_same_day_is_matched(next_year):
    Session.objects.all().delete()
    first = make_session(next_year, "Pause", starts_at=at(2027, 8, 16), number=1)
    second = make_session(next_year, "Pause", starts_at=at(2027, 8), number=2)

    import_schedule(slug="conf", data=make_calendar("Pause", at(2027, 9)))

    assert Session.objects.get(pk=first.pk).starts_at == at(2027, 8, 16)
    assert Session.objects.get(pk=second.pk).starts_at == at(2027, 9)


@pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the real schedules are not at {FOLDER} (SCHEDULES_DIR)")
def test_a_real_file_of_another_year_adds_and_changes_nothing(next_year):
    make_session(next_year, "Déjeuner", starts_at=at(2027, 10))

    report = preview_schedule(slug="conf", data=(FOLDER / "jres-2022.ics").read_bytes())

    assert count_changes(report) == (120, 0)


@pytest.fixture
def changed_file(next_year) -> bytes:
    """A file that moves and renames the session and clears its subtitle."""
    session = Session.objects.get()
    session.guid, session.room, session.subtitle = GUID, make_room(next_year, "Hall"), "Coffee"
    session.save()
    return make_one_room_xml(
        entry(
            "Break",
            guid=GUID,
            date="2027-06-17T10:30:00+02:00",
            start="10:30",
            duration="00:50",
            more="<subtitle></subtitle><persons><person>Ada</person><person>Bob</person></persons>",
        )
    )


def test_preview_lists_changed_fields_with_old_and_new_values(changed_file):
    [change] = preview_schedule(slug="conf", data=changed_file).changes

    assert change.title == "Pause"
    assert [str(field) for field in change.fields] == [
        "Title: Pause → Break",
        "Subtitle: Coffee → (empty)",
        "Start (Europe/Paris): 2027-06-17 10:00 → 2027-06-17 10:30",
        "End (Europe/Paris): 2027-06-17 10:50 → 2027-06-17 11:20",
        "Day: (empty) → 2026-06-17",
        "Room: Hall → Aula",
        "Speakers: (empty) → Ada; Bob",
    ]


def test_command_lists_field_changes_in_dry_run_only(changed_file, tmp_path, capsys):
    path = tmp_path / "file.xml"
    path.write_bytes(changed_file)

    call_command("schedule_import", "conf", path, "--dry-run")
    before = capsys.readouterr().out
    call_command("schedule_import", "conf", path)
    after = capsys.readouterr().out

    assert "Changed: “Pause”\n    Title: Pause → Break\n" in before
    assert "Pause → Break" not in after


def test_preview_page_shows_field_changes(changed_file, client, next_year):
    client.force_login(make_administrator())
    file = SimpleUploadedFile("x.xml", changed_file)

    address = client.post("/en/organize/conf/schedule/import/", {"file": file})["Location"]
    page = html.fromstring(client.get(address).content)

    rows = [[cell.text_content() for cell in row] for row in page.xpath("//details//tbody/tr")]
    assert rows[:2] == [["Title", "Pause", "Break"], ["Subtitle", "Coffee", "(empty)"]]


def test_cancellation_is_shown_as_a_change_from_no_to_yes(next_year):
    cancelled = ics(vevent("DURATION:PT50M", "STATUS:CANCELLED", summary="Pause", start=":20270617T080000Z"))

    [change] = preview_schedule(slug="conf", data=cancelled).changes

    assert [str(field) for field in change.fields] == ["Cancelled: no → yes"]


def test_a_removed_last_speaker_is_a_change(next_year):
    session = make_session(next_year, "Talk", guid=GUID, speakers=("Ada",), starts_at=at(2027, 9))
    alone = entry(
        "Talk", guid=GUID, date="2027-06-17T11:00:00+02:00", start="11:00", duration="00:50",
        more="<persons></persons>",
    )  # fmt: skip

    report = import_schedule(slug="conf", data=make_one_room_xml(alone))

    assert count_changes(report) == (0, 1)
    assert not session.speakers.exists()


def test_long_texts_are_cut_to_their_first_difference():
    same = "word " * 100

    before, after = shorten_difference(f"{same}old{same}", f"{same}new")

    assert after == f"…{same[-30:]}new"
    assert before.startswith(f"…{same[-30:]}old")
    assert len(before) == MAX_VALUE_CHARS + 2
