"""Organizers change the draft, see unpublished changes, publish and undo them."""

import datetime

import pytest
from django.utils import timezone
from lxml import html

from convention.events.models import Event, Room
from convention.text.dates import format_short_time
from schedule.drafts.current_draft import get_current_draft, load_slot_states
from schedule.models import ConflictLevel, ScheduleVersion, Session
from schedule.versions.publish import PublicationStamp
from tests.factories import make_event, make_room, make_session, make_staff
from tests.schedule.versions.timetables import HOUR, change_slot, publish_current_draft, remove_slot

pytestmark = [pytest.mark.django_db, pytest.mark.once]
PAGE = "/en/organize/conf/schedule/"


@pytest.fixture
def event():
    # Times in forms have no seconds.
    starts_at = timezone.now().replace(second=0, microsecond=0) + datetime.timedelta(days=20)
    return make_event(slug="conf", starts_at=starts_at)


@pytest.fixture
def organizer(client, event):
    client.force_login(make_staff(event))
    return client


def get_page(client, address):
    response = client.get(address)
    assert response.status_code == 200
    return html.fromstring(response.content.decode())


def fill_form(client, address, field_name):
    form = get_page(client, address).xpath(f"//form[.//*[@name='{field_name}']]")[0]
    return {name: value for name, value in form.form_values() if name != "csrfmiddlewaretoken"}


def get_draft_state(session):
    return load_slot_states(get_current_draft(session.event)).get(session.pk)


def test_form_moves_the_session_in_the_draft_and_changes_its_title_immediately(organizer, event):
    session = make_session(event, "Titre")
    address = f"{PAGE}{session.number}/"
    data = fill_form(organizer, address, "title")
    later = (event.starts_at + HOUR).astimezone(event.zone)

    organizer.post(
        address,
        data
        | {
            "title": "Nouveau titre",
            "starts_at": f"{later:%Y-%m-%dT%H:%M}",
            "ends_at": f"{later + HOUR:%Y-%m-%dT%H:%M}",
            "is_time_pinned": "on",
        },
    )

    session.refresh_from_db()
    assert session.title == "Nouveau titre"
    assert session.starts_at == event.starts_at
    assert get_draft_state(session).starts_at == event.starts_at + HOUR
    assert get_draft_state(session).is_time_pinned


def test_concurrent_move_is_refused_and_shows_the_other_version(organizer, event):
    session = make_session(event)
    address = f"{PAGE}{session.number}/"
    data = fill_form(organizer, address, "title")
    change_slot(session, hours=1)
    later = (event.starts_at + 3 * HOUR).astimezone(event.zone)

    response = organizer.post(
        address,
        data | {"starts_at": f"{later:%Y-%m-%dT%H:%M}", "ends_at": f"{later + HOUR:%Y-%m-%dT%H:%M}"},
    )

    assert "other-version" in response.content.decode()
    assert get_draft_state(session).starts_at == event.starts_at + HOUR


def test_room_without_a_time_is_refused(organizer, event):
    room = make_room(event)

    response = organizer.post(f"{PAGE}new/", {"title": "T", "room": room.pk})

    assert "enter start and end, too" in response.content.decode()
    assert not Session.objects.exists()


def test_list_shows_the_draft_and_marks_unpublished_changes(organizer, event):
    session = make_session(event, "Déplacée")
    make_session(event, "Inchangée")
    change_slot(session, hours=2)

    page = get_page(organizer, PAGE)

    marks = page.xpath("//tr[.//a[text()='Déplacée']]//*[@class='tag dashed']/text()")
    hours = page.xpath("string(//tr[.//a[text()='Déplacée']]/td[1])")
    assert "not published: New time" in marks
    assert format_short_time(event.starts_at + 2 * HOUR, event.zone) in hours
    assert "1 change is not published." in page.xpath("string(//*[@class='notice'])")


def test_cancelling_changes_only_the_draft(organizer, event):
    session = make_session(event)

    organizer.post(f"{PAGE}{session.number}/cancel/")

    session.refresh_from_db()
    assert session.cancelled_at is None
    assert get_draft_state(session).is_cancelled


def test_session_without_a_time_cannot_be_cancelled(organizer, event):
    session = make_session(event, starts_at=None)

    response = organizer.post(f"{PAGE}{session.number}/cancel/", follow=True)

    assert response.redirect_chain == [(f"{PAGE}{session.number}/", 302)]
    assert "delete it instead of cancelling it" in response.text
    session.refresh_from_db()
    assert session.cancelled_at is None
    assert get_draft_state(session) is None


def test_removed_session_stays_public_until_publication(organizer, event):
    session = make_session(event)

    organizer.post(f"{PAGE}{session.number}/remove/")

    session.refresh_from_db()
    assert session.is_published
    assert get_draft_state(session) is None
    assert not publish_current_draft(session).is_published


def test_preview_lists_the_changes_and_publishes_them(organizer, event):
    session = make_session(event, "Déplacée", speakers=("Ana",))
    event.speakers.update(email="ana@example.org")
    change_slot(session, hours=1)

    page = get_page(organizer, f"{PAGE}publish/")
    data = fill_form(organizer, f"{PAGE}publish/", "seen")
    organizer.post(f"{PAGE}publish/", data | {"name": "Finale"})

    assert "instead of" in page.xpath("string(//tr[th='Déplacée']/td)")
    assert page.xpath("string(//dl/div[dt='Speakers']/dd)").strip() == "1"
    assert ScheduleVersion.objects.get().name == "Finale"
    session.refresh_from_db()
    assert session.starts_at == event.starts_at + HOUR


def test_preview_describes_a_new_session_once(organizer, event):
    session = make_session(event, "Neuve", starts_at=None, speakers=("Ana",))
    change_slot(session)

    page = get_page(organizer, f"{PAGE}publish/")

    cell = " ".join(page.xpath("string(//tr[th='Neuve']/td)").split())
    assert cell.startswith("New: ")
    assert cell.count("New") == 1
    recipients = page.xpath("string(//dl/div[dt='Speakers']/dd)")
    assert " ".join(recipients.split()) == "0 (1 without an e-mail address)"


def test_outdated_preview_publishes_nothing(organizer, event):
    session = make_session(event)
    change_slot(session, hours=1)
    data = fill_form(organizer, f"{PAGE}publish/", "seen")
    change_slot(session, hours=1)

    response = organizer.post(f"{PAGE}publish/", data, follow=True)

    assert "has changed since you saw this preview" in response.content.decode()
    assert not ScheduleVersion.objects.exists()


def test_without_changes_there_is_nothing_to_publish(organizer, event):
    make_session(event)

    page = get_page(organizer, f"{PAGE}publish/")

    assert "There is nothing to publish" in page.xpath("string(//main)")


def test_versions_can_be_compared(organizer, event):
    session = make_session(event, "Déplacée")
    for hours in (1, 2, 3):
        change_slot(session, hours=hours)
        publish_current_draft(session)

    page = get_page(organizer, f"{PAGE}versions/?from=1&to=3")

    assert "From version 1 to version 3" in page.xpath("string(//main)")
    assert page.xpath("//tr[th='Déplacée']")
    assert page.xpath("//select[@id='to']/option/text()") == ["3", "2", "1"]
    assert organizer.get(f"{PAGE}versions/?to=99").status_code == 404
    assert organizer.get(f"{PAGE}versions/?to=x").status_code == 404


def test_newest_version_and_the_one_before_are_preselected(organizer, event):
    session = make_session(event, "Déplacée")
    for hours in (1, 2, 3):
        change_slot(session, hours=hours)
        publish_current_draft(session)

    page = get_page(organizer, f"{PAGE}versions/")

    assert page.xpath("//select[@id='from']/option[@selected]/text()") == ["2"]
    assert "From version" not in page.xpath("string(//main//h2)")


def test_the_history_names_the_author_and_undoes_any_step(organizer, event):
    session = make_session(event, "Déplacée")
    organizer.post(f"{PAGE}{session.number}/cancel/")

    page = get_page(organizer, f"{PAGE}history/")
    organizer.post(f"{PAGE}history/undo/", {"batch": "1"})

    assert "Cancelled (previously" in page.xpath("string(//tbody/tr[1])")
    assert not get_draft_state(session).is_cancelled


def read_latest_change(organizer) -> str:
    page = get_page(organizer, f"{PAGE}history/")
    return " ".join(page.xpath("string(//tbody/tr[1]//li)").split())


def test_history_names_a_session_put_back_from_the_tray_as_placed(organizer, event):
    session = make_session(event, "Remise")
    remove_slot(session)
    change_slot(session)

    change = read_latest_change(organizer)

    assert change.startswith("Remise – Placed: ")


def test_history_names_a_session_put_into_the_tray_as_taken_off(organizer, event):
    session = make_session(event, "Retirée")
    remove_slot(session)

    change = read_latest_change(organizer)

    assert change.startswith("Retirée – Taken off the timetable (previously ")


def test_organizer_undoes_and_redoes_own_last_change(organizer, event):
    session = make_session(event)
    organizer.post(f"{PAGE}{session.number}/cancel/")

    organizer.post(f"{PAGE}history/undo/")
    undone = get_draft_state(session)
    organizer.post(f"{PAGE}history/redo/")

    assert not undone.is_cancelled
    assert get_draft_state(session).is_cancelled


@pytest.mark.long
@pytest.mark.parametrize("batch", ["", "7", "x", "99999999999999999999"])
def test_undoing_an_unknown_step_shows_a_message(organizer, event, batch):
    response = organizer.post(f"{PAGE}history/undo/", {"batch": batch}, follow=True)

    assert "There is nothing to undo." in response.content.decode()


def remove_room(client, room, **data):
    address = "/en/organize/conf/rooms/"
    return client.post(address, fill_form(client, address, "rooms-0-name") | {"rooms-0-DELETE": "on"} | data)


def test_removing_a_room_first_lists_its_sessions(organizer, event):
    room = make_room(event, "Curie")
    make_session(event, "Publiée", room=room)
    change_slot(make_session(event, "Prévue"), room_id=room.pk)

    response = remove_room(organizer, room)

    text = html.fromstring(response.content.decode()).xpath("string(//*[@role='alert'])")
    assert "Curie, in the published programme: “Publiée”." in text
    assert "“Prévue”" in text
    assert Room.objects.filter(pk=room.pk).exists()


def get_removal_code(response):
    return html.fromstring(response.text).xpath("string(//*[@name='removal_confirmed']/@value)")


def test_removal_code_is_valid_only_for_the_listed_sessions(organizer, event):
    room = make_room(event, "Curie")
    make_session(event, "Montrée", room=room)
    code = get_removal_code(remove_room(organizer, room))
    make_session(event, "Nouvelle", room=room)

    response = remove_room(organizer, room, removal_confirmed=code)

    assert "“Nouvelle”" in response.text
    assert Room.objects.filter(pk=room.pk).exists()
    assert get_removal_code(response) not in {"", code}


def test_removal_without_the_code_removes_nothing(organizer, event):
    room = make_room(event, "Curie")
    make_session(event, "Montrée", room=room)

    remove_room(organizer, room, removal_confirmed="on")

    assert Room.objects.filter(pk=room.pk).exists()


def test_confirmed_removal_of_a_room_leaves_its_sessions_without_a_room(organizer, event):
    room = make_room(event, "Curie")
    session = make_session(event, "Publiée", room=room)
    change_slot(session, hours=1)

    remove_room(organizer, room, removal_confirmed=get_removal_code(remove_room(organizer, room)))

    session.refresh_from_db()
    assert not Room.objects.exists()
    assert session.sequence == 1
    assert get_draft_state(session).room_id is None
    assert get_draft_state(session).starts_at == event.starts_at.astimezone(datetime.UTC) + HOUR


def test_undo_with_a_deleted_room_restores_the_slot_without_a_room(organizer, event):
    room = make_room(event, "Curie")
    session = make_session(event, "Publiée", room=room)
    remove_slot(session)
    room.delete()

    organizer.post(f"{PAGE}history/undo/", {"batch": "1"})

    assert get_draft_state(session).starts_at == event.starts_at
    assert get_draft_state(session).room_id is None


def test_a_blocking_conflict_prevents_publishing(organizer, event):
    room = make_room(event, "Curie")
    make_session(event, "Une", room=room)
    other = make_session(event, "Autre", starts_at=None)
    fields = {"name", "note", "seen"}
    change_slot(other, room_id=room.pk)
    stamp = str(PublicationStamp.of_draft(get_current_draft(event)))

    page = get_page(organizer, f"{PAGE}publish/")
    response = organizer.post(f"{PAGE}publish/", dict.fromkeys(fields, "") | {"seen": stamp}, follow=True)

    assert "1 conflict prevents publishing." in page.text_content()
    assert page.xpath("//form[.//*[@name='seen']]") == []
    assert "1 conflict prevents publishing" in response.content.decode()
    assert ScheduleVersion.objects.count() == 0


def test_the_preview_counts_the_conflicts_that_only_warn(organizer, event):
    make_session(event, "Plénière", role=Session.Role.PLENARY)
    change_slot(make_session(event, "Autre", starts_at=None), room_id=make_room(event, "Curie").pk)

    page = get_page(organizer, f"{PAGE}publish/")

    [notice] = page.xpath("//*[contains(@class, 'notice warning')]")
    assert "1 conflict does not prevent publishing." in notice.text_content()
    [link] = notice.xpath(".//a/@href")
    assert len(get_page(organizer, link).xpath("//ul[contains(@class, 'conflicts')]/li")) == 1
    assert page.xpath("//form[.//*[@name='seen']]") != []


def test_the_preview_counts_the_sessions_outside_the_hours_of_the_event(organizer, event):
    change_slot(make_session(event, "Tôt", starts_at=None), hours=-2)
    cancelled = make_session(event, "Annulée")
    change_slot(cancelled, hours=-3, is_cancelled=True)

    page = get_page(organizer, f"{PAGE}publish/")

    [notice] = page.xpath("//*[contains(@class, 'notice warning')]")
    assert "1 session lies outside the event’s hours." in notice.text_content()
    [link] = notice.xpath(".//a/@href")
    listed = get_page(organizer, link).text_content()
    assert "Tôt" in listed
    assert "Annulée" not in listed


def test_an_ignored_kind_of_conflict_does_not_prevent_publishing(organizer, event):
    room = make_room(event, "Curie")
    make_session(event, "Une", room=room)
    other = make_session(event, "Autre", starts_at=None)
    change_slot(other, room_id=room.pk)
    ConflictLevel.objects.create(event=event, kind="room", level=ConflictLevel.Level.IGNORE)
    data = fill_form(organizer, f"{PAGE}publish/", "seen")

    organizer.post(f"{PAGE}publish/", data)

    assert ScheduleVersion.objects.count() == 1


def test_publishing_for_a_draft_event_warns_that_only_organizers_see_it(organizer, event):
    Event.objects.update(visibility=Event.Visibility.DRAFT)
    change_slot(make_session(event), hours=1)

    page = get_page(organizer, f"{PAGE}publish/")
    answer = organizer.post(f"{PAGE}publish/", fill_form(organizer, f"{PAGE}publish/", "seen"), follow=True)

    assert "This event is a draft" in page.text_content()
    assert "Only organizers can see it" in answer.content.decode()


def test_mail_about_a_publication_is_in_the_speakers_language(event, mailoutbox, run_tasks):
    session = make_session(event, "Moved", speakers=("Ana",))
    event.speakers.update(email="ana@example.org", language="en")
    change_slot(session, hours=1)
    publish_current_draft(session)
    change_slot(session, hours=2)

    publish_current_draft(session)
    run_tasks()

    first, second = mailoutbox
    assert first.subject.startswith("The programme is published: ")
    assert second.subject.startswith("The programme has changed: ")
    assert first.body.splitlines()[2] == "Hello Ana,"


def test_tabs_of_the_programme_name_its_own_settings(organizer, event):
    page = get_page(organizer, PAGE)

    tabs = page.xpath("//nav[contains(@class, 'tabs wrapped')]/a/text()")

    assert "Programme settings" in tabs
    assert "Settings" not in tabs
