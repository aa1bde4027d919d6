"""Organizers set the draft back to a published version."""

import pytest
from lxml import html

from convention.audit.models import AuditEntry
from schedule.drafts.current_draft import get_current_draft, load_slot_states
from schedule.drafts.moves import undo_last_batch
from schedule.models import ScheduleVersion, Session, VersionSlot
from schedule.versions.publish import publish_draft
from schedule.versions.restore import (
    NothingToRestore,
    ScheduleDraftChanged,
    plan_restoration,
    restore_version,
)
from tests.factories import make_event, make_room, make_session, make_staff
from tests.schedule.versions.timetables import HOUR, change_slot, remove_slot

pytestmark = [pytest.mark.django_db, pytest.mark.once]
PAGE = "/en/organize/conf/schedule/versions/"


@pytest.fixture
def event():
    return make_event(slug="conf")


@pytest.fixture
def organizer(event):
    return make_staff(event)


def publish(event):
    return publish_draft(draft=get_current_draft(event))


def restore(version, author):
    draft = get_current_draft(version.event)
    return restore_version(draft=draft, version=version, seen_revision=draft.revision, author=author)


def get_state(session):
    return load_slot_states(get_current_draft(session.event)).get(session.pk)


def get_page(client, address):
    response = client.get(address)
    assert response.status_code == 200
    return html.fromstring(response.text)


def test_sessions_return_to_their_times_and_rooms_of_the_version(event, organizer):
    room, other_room = make_room(event, "Curie"), make_room(event, "Pasteur")
    session = make_session(event, starts_at=None)
    change_slot(session, hours=1, room_id=room.pk)
    version = publish(event)
    change_slot(session, hours=2, room_id=other_room.pk, is_cancelled=True)

    restore(version, organizer)

    assert get_state(session).starts_at == event.starts_at + HOUR
    assert get_state(session).room_id == room.pk
    assert not get_state(session).is_cancelled


def test_neither_the_public_programme_nor_the_version_changes(event, organizer):
    session = make_session(event, starts_at=None)
    change_slot(session)
    version = publish(event)
    change_slot(session, hours=2)
    publish(event)
    slots = list(VersionSlot.objects.order_by("pk").values())

    restore(version, organizer)

    session.refresh_from_db()
    assert session.starts_at == event.starts_at + 2 * HOUR
    assert ScheduleVersion.objects.count() == 2
    assert list(VersionSlot.objects.order_by("pk").values()) == slots


def test_a_session_created_since_loses_its_time_and_stays(event, organizer):
    change_slot(make_session(event, starts_at=None))
    version = publish(event)
    new = make_session(event, "Neuve", starts_at=None)
    change_slot(new, hours=1)

    restore(version, organizer)

    assert get_state(new) is None
    assert Session.objects.filter(pk=new.pk).exists()


def test_a_session_taken_off_the_timetable_returns(event, organizer):
    session = make_session(event, starts_at=None)
    change_slot(session, hours=1)
    version = publish(event)
    remove_slot(session)

    restore(version, organizer)

    assert get_state(session).starts_at == event.starts_at + HOUR


def test_blocked_times_and_pins_stay_as_they_are(event, organizer):
    blocked = make_session(event, "Montage", starts_at=None, role=Session.Role.BLOCKER)
    session = make_session(event, starts_at=None)
    change_slot(session)
    version = publish(event)
    change_slot(blocked, hours=3)
    change_slot(session, hours=1, is_time_pinned=True)

    restore(version, organizer)

    assert get_state(blocked).starts_at == event.starts_at + 3 * HOUR
    assert get_state(session).is_time_pinned


def test_one_undo_brings_back_the_draft(event, organizer):
    first, second = make_session(event, starts_at=None), make_session(event, starts_at=None)
    change_slot(first)
    version = publish(event)
    change_slot(first, hours=2)
    change_slot(second, hours=1)
    draft = get_current_draft(event)
    before = load_slot_states(draft)
    restore(version, organizer)

    undo_last_batch(draft=draft, author=organizer)

    assert load_slot_states(draft) == before


def test_restoring_is_recorded_with_counts(event, organizer):
    session = make_session(event, starts_at=None)
    change_slot(session)
    version = publish(event)
    change_slot(session, hours=1)

    restore(version, organizer)

    entry = AuditEntry.objects.get(verb="schedule.restore_version")
    assert entry.event == "conf"
    assert entry.reason == "time:1"


def test_a_draft_that_changed_since_the_preview_stays_as_it_is(event, organizer):
    session = make_session(event, starts_at=None)
    change_slot(session)
    version = publish(event)
    seen = change_slot(session, hours=1).revision
    draft = change_slot(session, hours=1)

    with pytest.raises(ScheduleDraftChanged):
        restore_version(draft=draft, version=version, seen_revision=seen, author=organizer)

    assert get_state(session).starts_at == event.starts_at + 2 * HOUR


def test_a_draft_as_in_the_version_has_nothing_to_restore(event, organizer):
    change_slot(make_session(event, starts_at=None))
    version = publish(event)

    with pytest.raises(NothingToRestore):
        restore(version, organizer)


def test_a_renamed_session_or_room_is_no_difference(event):
    room = make_room(event, "Curie")
    session = make_session(event, "Titre", starts_at=None)
    change_slot(session, room_id=room.pk)
    version = publish(event)
    event.rooms.update(name="Marie Curie")
    event.sessions.update(title="Autre titre")

    restoration = plan_restoration(draft=get_current_draft(event), version=version)

    assert restoration.states == {}


def test_page_previews_and_restores(client, event, organizer):
    moved, new = make_session(event, "Déplacée", starts_at=None), make_session(event, "Neuve", starts_at=None)
    removed = make_session(event, "Retirée", starts_at=None)
    change_slot(moved)
    change_slot(removed)
    version = publish(event)
    change_slot(moved, hours=1)
    change_slot(new, hours=2)
    remove_slot(removed)
    client.force_login(organizer)
    address = f"{PAGE}{version.number}/restore/"

    [link] = get_page(client, PAGE).xpath("//a[contains(@href, '/restore/')]/@href")
    page = get_page(client, link)
    form = page.xpath("//form[.//*[@name='seen']]")[0]
    response = client.post(address, dict(form.form_values()), follow=True)

    assert link == address
    assert "instead of" in page.xpath("string(//tr[th='Déplacée']/td)")
    assert page.xpath("//section[h2='Scheduled again']//tbody//th/text()") == ["Retirée"]
    assert page.xpath("//section[h2='Unscheduled again']//tbody//th/text()") == ["Neuve"]
    assert "The draft matches version 1 again." in response.text
    assert get_state(moved).starts_at == event.starts_at
    assert get_state(new) is None


def test_page_names_deleted_sessions_and_removed_rooms(client, event, organizer):
    room = make_room(event, "Curie")
    deleted, moved = make_session(event, "Supprimée", starts_at=None), make_session(event, starts_at=None)
    change_slot(deleted)
    change_slot(moved, room_id=room.pk)
    version = publish(event)
    deleted.delete()
    room.delete()
    change_slot(moved, hours=1)
    client.force_login(organizer)

    page = get_page(client, f"{PAGE}{version.number}/restore/")
    restore(version, organizer)

    deleted_notice, room_notice = page.xpath("//*[contains(@class, 'notice warning')]")
    assert deleted_notice.xpath(".//li/text()") == ["Supprimée"]
    assert room_notice.xpath(".//li/text()") == ["Curie"]
    assert get_state(moved).room_id is None
    assert get_state(moved).starts_at == event.starts_at


def test_outdated_preview_is_shown_anew(client, event, organizer):
    session = make_session(event, starts_at=None)
    change_slot(session)
    version = publish(event)
    seen = change_slot(session, hours=1).revision
    change_slot(session, hours=1)
    client.force_login(organizer)
    address = f"{PAGE}{version.number}/restore/"

    response = client.post(address, {"seen": seen}, follow=True)

    assert response.redirect_chain == [(address, 302)]
    assert "Nothing was restored" in response.text
    assert get_state(session).starts_at == event.starts_at + 2 * HOUR


def test_unknown_version_is_not_found(client, event, organizer):
    client.force_login(organizer)

    response = client.get(f"{PAGE}9/restore/")

    assert response.status_code == 404
