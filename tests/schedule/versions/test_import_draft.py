"""Imports: the page changes the draft and can be undone; the command publishes a version without mails."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from lxml import html

from convention.events.models import Event
from schedule.drafts.current_draft import get_current_draft, load_slot_states
from schedule.exchange.export_schedule import FORMAT_WRITERS, export_schedule
from schedule.exchange.importing.import_schedule import ImportTarget, UnpublishedChanges, import_schedule
from schedule.exchange.parsed_programme import ScheduleFormat
from schedule.models import Schedule, ScheduleVersion, Session
from tests.factories import make_event, make_room, make_session, make_staff
from tests.schedule.versions.timetables import HOUR, change_slot, publish_current_draft, remove_slot

pytestmark = pytest.mark.django_db
PAGE = "/en/organize/conf/schedule/"
EVENT = """BEGIN:VEVENT
UID:{uid}
DTSTAMP:20260101T000000Z
DTSTART:{start:%Y%m%dT%H%M%SZ}
DTEND:{end:%Y%m%dT%H%M%SZ}
SUMMARY:{title}
LOCATION:{room}
END:VEVENT
"""


def write_calendar(event, *sessions) -> bytes:
    """Return a calendar of (uid, title, hours after the event's start, room)."""
    body = ""
    for uid, title, hours, room in sessions:
        start = event.starts_at + hours * HOUR
        body += EVENT.format(uid=uid, title=title, start=start, end=start + HOUR, room=room)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y//EN\n{body}END:VCALENDAR\n".encode()


@pytest.fixture
def event():
    return make_event(slug="conf", timezone="Europe/Paris")


@pytest.fixture
def organizer(client, event):
    client.force_login(make_staff(event))
    return client


def upload(client, data: bytes) -> str:
    """Upload a file and return the address of its preview."""
    file = SimpleUploadedFile("x.ics", data)
    return client.post(f"{PAGE}import/", {"file": file})["Location"]


@pytest.fixture
def known_session(event):
    """Return a published session whose uid is in the imported files."""
    room = make_room(event, "Curie")
    return make_session(event, "Connue", source_id="one@example.org", room=room, minutes=60)


def test_the_web_import_moves_sessions_in_the_draft_only(organizer, event, known_session):
    data = write_calendar(event, ("one@example.org", "Connue, renommée", 2, "Pasteur"))

    organizer.post(upload(organizer, data))

    known_session.refresh_from_db()
    state = load_slot_states(get_current_draft(event))[known_session.pk]
    assert known_session.title == "Connue, renommée"
    assert known_session.starts_at == event.starts_at
    assert known_session.room.name == "Curie"
    assert abs(state.starts_at - event.starts_at - 2 * HOUR) < HOUR / 60
    assert event.rooms.get(pk=state.room_id).name == "Pasteur"


def test_a_new_session_is_not_public_before_publication(organizer, event):
    organizer.post(upload(organizer, write_calendar(event, ("new@example.org", "Nouvelle", 1, "Curie"))))

    session = Session.objects.get()
    assert not session.is_published
    assert publish_current_draft(session).room.name == "Curie"


def test_preview_lists_the_changes(organizer, event, known_session):
    address = upload(organizer, write_calendar(event, ("one@example.org", "Autre titre", 2, "Curie")))

    page = html.fromstring(organizer.get(address).content.decode())

    rows = [
        [cell.text_content().strip() for cell in row.xpath("./*")]
        for row in page.xpath("//details[@open]//tbody/tr")
    ]
    assert ["Title", "Connue", "Autre titre"] in rows
    assert any(name.startswith("Start") for name, _before, _after in rows)


def test_an_import_is_undone_as_one_step(organizer, event, known_session):
    before = load_slot_states(get_current_draft(event))
    data = write_calendar(
        event, ("one@example.org", "Connue", 2, "Pasteur"), ("new@example.org", "Nouvelle", 1, "Curie")
    )
    organizer.post(upload(organizer, data))

    organizer.post(f"{PAGE}history/undo/")

    assert load_slot_states(get_current_draft(event)) == before
    assert not event.sessions.get(title="Nouvelle").is_published


def test_rooms_missing_from_the_file_are_preserved(organizer, event, known_session):
    organizer.post(upload(organizer, write_calendar(event, ("new@example.org", "Nouvelle", 1, "Pasteur"))))

    assert set(event.rooms.values_list("name", flat=True)) == {"Curie", "Pasteur"}


def test_command_publishes_one_version_without_mails(event, known_session, tmp_path, mailoutbox, run_tasks):
    known_session.event.speakers.create(name="Ana", email="ana@example.org").appearances.create(
        session=known_session
    )
    file = tmp_path / "x.ics"
    file.write_bytes(write_calendar(event, ("one@example.org", "Connue", 2, "Pasteur")))

    call_command("schedule_import", "conf", str(file))
    run_tasks()

    known_session.refresh_from_db()
    assert known_session.room.name == "Pasteur"
    assert ScheduleVersion.objects.get().number == 1
    assert mailoutbox == []


def test_the_command_can_write_the_draft(event, known_session, tmp_path):
    file = tmp_path / "x.ics"
    file.write_bytes(write_calendar(event, ("one@example.org", "Connue", 2, "Pasteur")))

    call_command("schedule_import", "conf", str(file), "--draft")

    known_session.refresh_from_db()
    assert known_session.room.name == "Curie"
    assert not ScheduleVersion.objects.exists()


def test_importing_the_same_file_again_publishes_nothing(event):
    data = write_calendar(event, ("one@example.org", "Connue", 2, "Pasteur"))
    import_schedule(slug="conf", data=data)
    revision = Schedule.objects.get(event=event).revision

    import_schedule(slug="conf", data=data)

    assert ScheduleVersion.objects.count() == 1
    assert Schedule.objects.get(event=event).revision == revision


def test_command_is_refused_if_the_draft_has_unpublished_changes(event, known_session):
    change_slot(known_session, hours=1)

    with pytest.raises(UnpublishedChanges):
        import_schedule(slug="conf", data=write_calendar(event, ("new@example.org", "Nouvelle", 1, "Curie")))

    assert not event.sessions.filter(title="Nouvelle").exists()


def test_an_event_that_the_command_creates_is_a_draft(event, tmp_path, client, capsys):
    file = tmp_path / "x.ics"
    file.write_bytes(write_calendar(event, ("one@example.org", "Nouvelle", 2, "Pasteur")))

    call_command("schedule_import", "mine", str(file))

    created = Event.objects.get(slug="mine")
    assert created.visibility == Event.Visibility.DRAFT
    assert client.get("/events/mine/agenda/").status_code == 404
    assert "Publiez-le depuis sa vue d’ensemble\u202f: /organize/mine/." in capsys.readouterr().out


def test_the_command_creates_a_public_event_if_asked(event, tmp_path, client):
    file = tmp_path / "x.ics"
    file.write_bytes(write_calendar(event, ("one@example.org", "Nouvelle", 2, "Pasteur")))

    call_command("schedule_import", "mine", str(file), "--public")

    assert "Nouvelle" in client.get("/events/mine/agenda/").text


def test_public_option_says_that_it_does_not_publish_an_existing_draft(event, tmp_path, capsys):
    Event.objects.update(visibility=Event.Visibility.DRAFT)
    file = tmp_path / "x.ics"
    file.write_bytes(write_calendar(event, ("one@example.org", "Connue", 2, "Pasteur")))

    call_command("schedule_import", event.slug, str(file), "--public")

    event.refresh_from_db()
    assert event.visibility == Event.Visibility.DRAFT
    notice = capsys.readouterr().err
    assert "--public" in notice
    assert f"/organize/{event.slug}/" in notice


def test_public_option_says_nothing_about_an_event_that_is_public(event, tmp_path, capsys):
    file = tmp_path / "x.ics"
    file.write_bytes(write_calendar(event, ("one@example.org", "Connue", 2, "Pasteur")))

    call_command("schedule_import", event.slug, str(file), "--public")

    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("file_format", FORMAT_WRITERS)
def test_our_own_export_leaves_the_moves_of_the_draft(event, known_session, file_format):
    change_slot(known_session, hours=6, room_id=make_room(event, "Pasteur").pk)
    unplaced = make_session(event, "Retirée", room=known_session.room, minutes=30)
    draft = remove_slot(unplaced)
    before = load_slot_states(draft)

    data = export_schedule(event=event, file_format=file_format)
    report = import_schedule(slug="conf", data=data, target=ImportTarget.DRAFT)

    assert load_slot_states(draft) == before
    assert report.changed == ()


def test_a_room_edited_in_our_own_export_replaces_that_of_the_draft(event, known_session):
    change_slot(known_session, hours=6, room_id=make_room(event, "Pasteur").pk)
    data = export_schedule(event=event, file_format=ScheduleFormat.CSV).replace(b"Curie", b"Turing")

    import_schedule(slug="conf", data=data, target=ImportTarget.DRAFT)

    state = load_slot_states(get_current_draft(event))[known_session.pk]
    assert event.rooms.get(pk=state.room_id).name == "Turing"
    assert state.starts_at == event.starts_at + 6 * HOUR
