"""Sessions for members only: whom each address tells of them, and whom not."""

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

# What only the session for members has; ASCII, so that no format escapes it.
SECRETS = ("Zerophone", "Cachottier", "Derobee", "Filigrane")
CALL_PAGES = {"call-for-proposals", "own-session-proposal"}
MORE_ADDRESSES = (
    "agenda/?day=all", "agenda/?by=room", "agenda/?q=confidentiel", "agenda/?q=confidentiels",
    "agenda/?speaker=Ana", "agenda/embedded/?day=all", "agenda.pdf?format=grid", "agenda.pdf?format=doors",
    "agenda.pdf?format=card",
)  # fmt: skip


@pytest.fixture
def here() -> Objects:
    """An event with one of everything, whose programme has two versions and a session for members only."""
    here = make_event_objects("conf")
    event = here.event
    public = event.sessions.get(guid=here.values["guid"])
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
    return here


@pytest.fixture
def secret(here) -> Session:
    return here.event.sessions.get(title="Zerophone")


def publish_moves(*sessions: Session) -> None:
    for session in sessions:
        change_slot(session, hours=1, room_id=session.room_id)
    publish_current_draft(sessions[0])


def list_addresses(here: Objects) -> list[str]:
    """Return every address that everybody may open, in both languages' default, of this event."""
    public = (
        here.address(name, arguments)
        for name, arguments in list_url_patterns()
        # A call for proposals names the tracks that its organizers offer.
        if PERMISSIONS_BY_URL_NAME.get(name) == EVERYONE and name not in CALL_PAGES
    )
    return [*public, *(f"/events/conf/{path}" for path in MORE_ADDRESSES)]


def read(client: Client, address: str) -> str:
    """Return the text of an answer, also that of a PDF."""
    answer = client.get(address)
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if answer.get("Content-Type") == "application/pdf":
        return pdf_text(content)
    return content.decode("utf-8", "replace")


def find_tellers(client: Client, addresses: list[str]) -> dict[str, list[str]]:
    """Return the secrets that each address tells."""
    told = {}
    for address in addresses:
        text = read(client, address)
        if found := [word for word in SECRETS if re.search(word, text, re.I)]:
            told[address] = found
    return told


def make_attendee_client(here: Objects, secret: Session) -> Client:
    """Return the browser of a registered person without a seat, who starred it when it was public."""
    person = make_person()
    Registration.objects.filter(pk=here.registration.pk).update(person=person)
    client = make_client(person)
    agenda = choose_session(event=here.event, session=secret, personal_agenda=None)
    client.cookies[f"agenda-{here.event.pk}"] = agenda.link_token
    return client


@pytest.mark.long
def test_no_address_tells_others_of_it_and_members_find_it(here, secret):
    addresses = list_addresses(here)
    member = make_client(make_member())
    for address in addresses:
        read(member, address)
    run_waiting_tasks()
    attendee = make_attendee_client(here, secret)

    # After a member, so that the pages and parts that are cached for members exist already.
    assert find_tellers(Client(), addresses) == {}
    assert find_tellers(attendee, addresses) == {}
    told = find_tellers(member, addresses)
    for path in (
        *("agenda/?day=all", "agenda/?q=confidentiel", "agenda/?q=confidentiels", "speakers/"),
        *("agenda.ics", "agenda.xml", "agenda.json", "agenda/changes/", "agenda/changes.atom"),
    ):
        assert f"/events/conf/{path}" in told
    # Files are passed on.
    assert not [address for address in told if ".pdf" in address]


def test_its_own_addresses_exist_for_members_and_staff_alone(here, secret):
    speaker = secret.speakers.get()
    addresses = (f"/events/conf/sessions/{secret.guid}/", f"/events/conf/speakers/{speaker.guid}/")
    former = make_member()
    Seat.objects.filter(person=former).update(ends_on=timezone.localdate() - datetime.timedelta(days=1))
    readers = {
        "member": make_client(make_member()),
        "organizer": make_client(make_staff(here.event)),
        "desk": make_client(make_staff(here.event, role=EventRole.Role.DESK)),
        "anonymous": Client(),
        "attendee": make_attendee_client(here, secret),
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
    unknown = Client().get(f"/events/conf/sessions/{here.event.speakers.first().guid}/")
    assert missing.text.replace(str(secret.guid), "") == unknown.text.replace(
        str(here.event.speakers.first().guid), ""
    )


def test_feeds_of_members_are_theirs_alone(here):
    member, other = make_client(make_member()), Client()

    own, public = member.get("/events/conf/agenda.ics"), other.get("/events/conf/agenda.ics")

    assert "Zerophone" in own.text
    assert own["Cache-Control"] == "private, no-cache"
    assert "Access-Control-Allow-Origin" not in own
    assert "Cookie" in own["Vary"]
    assert "Zerophone" not in public.text
    assert "Cookie" in public["Vary"]
    assert own["ETag"] != public["ETag"]


def test_the_api_lists_it_for_tokens_of_members(here, secret):
    member = make_program(here.event, person=make_member(), scopes=["events:read"])
    other = make_program(here.event, person=make_person(), scopes=["events:read"])

    listed = {row["title"]: row for row in member.get("sessions/").json()["results"]}

    assert listed["Zerophone"]["members_only"] is True
    assert listed["Session"]["members_only"] is False
    assert "Zerophone" not in other.get("sessions/").text
    assert "Zerophone" not in Client().get("/api/v1/events/conf/sessions/").text


def test_marking_a_session_hides_its_past_also_after_it_is_deleted(here, secret):
    public = here.event.sessions.get(guid=here.values["guid"])
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


def test_a_personal_programme_has_it_only_while_its_owner_is_a_member(here, secret):
    person = make_member()
    registration = make_registration(
        make_ticket(here.event, slug="other"), order=make_order(here.event), person=person
    )
    agenda = create_agenda(event=here.event)
    choose_session(event=here.event, session=secret, personal_agenda=agenda)
    AgendaLink.objects.create(personal_agenda=agenda, registration=registration)
    client = make_client(person)
    client.cookies[f"agenda-{here.event.pk}"] = agenda.link_token
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


def test_others_cannot_star_it(here, secret):
    choose = "/events/conf/agenda/choose/"
    member = make_client(make_member())

    refused = Client().post(choose, {"add": str(secret.guid)}, headers={"Accept": "application/json"})
    added = member.post(choose, {"add": str(secret.guid)}, headers={"Accept": "application/json"})

    assert refused.status_code == 404
    assert "Zerophone" not in refused.text
    assert added.json()["chosen"] is True


def test_a_programme_for_members_alone_is_linked_for_them_alone():
    event = make_event(slug="club")
    make_session(event, "Zerophone", is_for_members=True)

    pages = [client.get("/en/events/club/").text for client in (Client(), make_client(make_member()))]

    assert ["/en/events/club/agenda/" in page for page in pages] == [False, True]
