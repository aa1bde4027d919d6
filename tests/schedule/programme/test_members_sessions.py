"""Sessions for members only: every address hides them from everybody else."""

import datetime
import re

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from convention.club.models import Seat
from convention.events.models import EventRole
from registrations.models import AgendaLink, Registration
from schedule.models import Session
from schedule.personal.actions import choose_session, create_agenda
from tests.factories import (
    make_event,
    make_member,
    make_order,
    make_person,
    make_registration,
    make_room,
    make_session,
    make_staff,
    make_ticket,
    make_track,
)
from tests.pdf_readers import pdf_text
from tests.permission_table import EVERYONE, PERMISSIONS_BY_URL_NAME
from tests.schedule.api.programs import make_program
from tests.schedule.versions.timetables import change_slot, publish_current_draft, remove_slot
from tests.site_objects import Objects, list_url_patterns, make_client, make_event_objects
from tests.task_runner import run_waiting_tasks

pytestmark = [pytest.mark.django_db, pytest.mark.once]

# Words that only the session for members contains; ASCII, so that no format escapes them.
SECRETS = ("Zerophone", "Cachottier", "Derobee", "Filigrane")
CALL_PAGES = {"call-for-proposals", "own-session-proposal"}
MORE_ADDRESSES = (
    "agenda/?day=all", "agenda/?by=room", "agenda/?q=confidentiel", "agenda/?q=confidentiels",
    "agenda/?speaker=Ana", "agenda/embedded/?day=all", "agenda.pdf?format=grid", "agenda.pdf?format=doors",
    "agenda.pdf?format=card",
)  # fmt: skip


@pytest.fixture
def event_objects() -> Objects:
    """Return an event with related objects, two programme versions and a session for members only."""
    event_objects = make_event_objects("conf")
    event = event_objects.event
    public = event.sessions.get(guid=event_objects.values["guid"])
    secret = make_session(
        event,
        "Zerophone",
        speakers=("Cachottier",),
        starts_at=event.starts_at + datetime.timedelta(hours=2),
        room=make_room(event, "Derobee"),
        track=make_track(event, "Filigrane", color="", slug="filigrane"),
        abstract="Un texte confidentiel.",
        is_for_members=True,
    )
    publish_moves(public, secret)
    publish_moves(public, secret)
    return event_objects


@pytest.fixture
def secret(event_objects) -> Session:
    return event_objects.event.sessions.get(title="Zerophone")


def publish_moves(*sessions: Session) -> None:
    for session in sessions:
        change_slot(session, hours=1, room_id=session.room_id)
    publish_current_draft(sessions[0])


def list_addresses(event_objects: Objects) -> list[str]:
    """Return every public address of this event, in the default language."""
    public = (
        event_objects.address(name, arguments)
        for name, arguments in list_url_patterns()
        # A call for proposals names the tracks that its organizers offer.
        if PERMISSIONS_BY_URL_NAME.get(name) == EVERYONE and name not in CALL_PAGES
    )
    return [*public, *(f"/events/conf/{path}" for path in MORE_ADDRESSES)]


def read(client: Client, address: str) -> str:
    """Return the text of a response, which may be a PDF."""
    answer = client.get(address)
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if answer.get("Content-Type") == "application/pdf":
        return pdf_text(content)
    return content.decode("utf-8", "replace")


def find_leaks(client: Client, addresses: list[str]) -> dict[str, list[str]]:
    """Return the secret words found at each address."""
    told = {}
    for address in addresses:
        text = read(client, address)
        if found := [word for word in SECRETS if re.search(word, text, re.I)]:
            told[address] = found
    return told


def make_attendee_client(event_objects: Objects, secret: Session) -> Client:
    """Return the client of an attendee without a seat who starred the session while it was public."""
    person = make_person()
    Registration.objects.filter(pk=event_objects.registration.pk).update(person=person)
    client = make_client(person)
    agenda = choose_session(event=event_objects.event, session=secret, personal_agenda=None)
    client.cookies[f"agenda-{event_objects.event.pk}"] = agenda.link_token
    return client


@pytest.mark.long
def test_public_addresses_show_a_members_session_to_members_only(event_objects, secret):
    addresses = list_addresses(event_objects)
    member = make_client(make_member())
    for address in addresses:
        read(member, address)
    run_waiting_tasks()
    attendee = make_attendee_client(event_objects, secret)

    # After a member, so that the pages and parts that are cached for members exist already.
    assert find_leaks(Client(), addresses) == {}
    assert find_leaks(attendee, addresses) == {}
    told = find_leaks(member, addresses)
    for path in (
        *("agenda/?day=all", "agenda/?q=confidentiel", "agenda/?q=confidentiels", "speakers/"),
        *("agenda.ics", "agenda.xml", "agenda.json", "agenda/changes/", "agenda/changes.atom"),
    ):
        assert f"/events/conf/{path}" in told
    # Printed files may be passed on, so they never contain sessions for members.
    assert not [address for address in told if ".pdf" in address]


def test_session_and_speaker_pages_exist_for_members_and_staff_only(event_objects, secret):
    speaker = secret.speakers.get()
    addresses = (f"/events/conf/sessions/{secret.guid}/", f"/events/conf/speakers/{speaker.guid}/")
    former = make_member()
    Seat.objects.filter(person=former).update(ends_on=timezone.localdate() - datetime.timedelta(days=1))
    readers = {
        "member": make_client(make_member()),
        "organizer": make_client(make_staff(event_objects.event)),
        "desk": make_client(make_staff(event_objects.event, role=EventRole.Role.DESK)),
        "anonymous": Client(),
        "attendee": make_attendee_client(event_objects, secret),
        "former member": make_client(former),
    }

    statuses = {
        name: {client.get(path).status_code for path in addresses} for name, client in readers.items()
    }

    assert statuses == {
        "member": {200}, "organizer": {200}, "desk": {200},
        "anonymous": {404}, "attendee": {404}, "former member": {404},
    }  # fmt: skip
    page = readers["member"].get(addresses[0])
    assert "Réservé aux adhérents" in page.text
    assert page["Cache-Control"] == "private, no-cache"
    missing = Client().get(addresses[0])
    unknown = Client().get(f"/events/conf/sessions/{event_objects.event.speakers.first().guid}/")
    assert missing.text.replace(str(secret.guid), "") == unknown.text.replace(
        str(event_objects.event.speakers.first().guid), ""
    )


def test_feed_for_members_is_private(event_objects):
    member, other = make_client(make_member()), Client()

    own, public = member.get("/events/conf/agenda.ics"), other.get("/events/conf/agenda.ics")

    assert "Zerophone" in own.text
    assert own["Cache-Control"] == "private, no-cache"
    assert "Access-Control-Allow-Origin" not in own
    assert "Cookie" in own["Vary"]
    assert "Zerophone" not in public.text
    assert "Cookie" in public["Vary"]
    assert own["ETag"] != public["ETag"]


def test_api_lists_members_session_for_tokens_of_members_only(event_objects, secret):
    member = make_program(event_objects.event, person=make_member(), scopes=["events:read"])
    other = make_program(event_objects.event, person=make_person(), scopes=["events:read"])

    listed = {row["title"]: row for row in member.get("sessions/").json()["results"]}

    assert listed["Zerophone"]["members_only"] is True
    assert listed["Session"]["members_only"] is False
    assert "Zerophone" not in other.get("sessions/").text
    assert "Zerophone" not in Client().get("/api/v1/events/conf/sessions/").text


def test_marking_a_session_hides_its_past_changes_even_after_it_is_deleted(event_objects, secret):
    public = event_objects.event.sessions.get(guid=event_objects.values["guid"])
    Session.objects.filter(pk=secret.pk).update(is_for_members=False)
    raise_and_read = Client().get("/events/conf/agenda/changes.atom").text
    Session.objects.filter(pk=secret.pk).update(is_for_members=True)
    remove_slot(secret)
    publish_moves(public)
    secret.delete()
    cache.clear()

    changes = {name: client.get("/events/conf/agenda/changes/").text for name, client in (
        ("anonymous", Client()), ("member", make_client(make_member())),
    )}  # fmt: skip

    assert "Zerophone" in raise_and_read
    assert "Zerophone" not in changes["anonymous"]
    assert "Zerophone" in changes["member"]


def test_personal_programme_has_members_session_only_while_owner_is_a_member(event_objects, secret):
    person = make_member()
    registration = make_registration(
        make_ticket(event_objects.event, slug="other"), order=make_order(event_objects.event), person=person
    )
    agenda = create_agenda(event=event_objects.event)
    choose_session(event=event_objects.event, session=secret, personal_agenda=agenda)
    AgendaLink.objects.create(personal_agenda=agenda, registration=registration)
    client = make_client(person)
    client.cookies[f"agenda-{event_objects.event.pk}"] = agenda.link_token
    feed = f"/events/conf/agenda/mine/{agenda.link_token}.ics"
    shared = f"/events/conf/agenda/mine/{agenda.link_token}/"
    before = [
        read(client, path) for path in ("/events/conf/agenda/mine/", "/events/conf/agenda/mine.pdf", shared)
    ]

    calendars = [read(Client(), feed)]
    stranger = read(Client(), shared)
    Seat.objects.filter(person=person).delete()
    calendars.append(read(Client(), feed))
    after = read(client, "/events/conf/agenda/mine/")

    assert all("Zerophone" in text for text in before)
    assert ["Zerophone" in text for text in calendars] == [True, False]
    assert "Zerophone" not in stranger
    assert "Zerophone" not in after
    assert agenda.sessions.get() == secret


def test_only_members_can_star_members_session(event_objects, secret):
    choose = "/events/conf/agenda/choose/"
    member = make_client(make_member())

    refused = Client().post(choose, {"add": str(secret.guid)}, headers={"Accept": "application/json"})
    added = member.post(choose, {"add": str(secret.guid)}, headers={"Accept": "application/json"})

    assert refused.status_code == 404
    assert "Zerophone" not in refused.text
    assert added.json()["chosen"] is True


def test_programme_for_members_only_is_linked_for_members_only():
    event = make_event(slug="club")
    make_session(event, "Zerophone", is_for_members=True)

    pages = [client.get("/en/events/club/").text for client in (Client(), make_client(make_member()))]

    assert ["/en/events/club/agenda/" in page for page in pages] == [False, True]
