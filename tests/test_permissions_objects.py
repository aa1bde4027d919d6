"""Objects can be reached only through their own event: swap every argument of every address in turn."""

import pytest
from django.db import transaction
from django.urls import reverse

from convention.events.models import EventRole
from registrations.permissions import make_own_secret
from tests.factories import make_administrator, make_person, make_registration
from tests.permission_table import PERMISSIONS_BY_URL_NAME, SECRETARIES
from tests.site_objects import list_url_patterns, make_client, make_event_objects

pytestmark = [pytest.mark.django_db, pytest.mark.once]

# Arguments that name no object, or the event itself.
NO_OBJECT = {
    "event",
    "slug",
    "layout",
    "kind",
    "colour",
    "file",
    "position",
    "token_id",
    "session_id",
    "scan",
    "line_id",  # bank statements belong to the club, not to an event
    "assignment_id",
    "day",
}
# Session numbers are counted within an event, and the guest's ticket has a name of its own at each.
OBJECTS = {
    "address_id", "checkpoint", "company", "contact", "job", "employment_id", "person_id",
    "membership", "seat",
    "device", "guid", "number", "person", "pk", "reference", "registration", "role_id", "secret",
    "invitation",
    "other",
    "ticket", "token",
    "code",
    "recipient",
    "invoice",
    "resolution",
    "group", "mandate",
}  # fmt: skip
# Opened by token only; `test_own_registrations_api` and tests/schedule/api swap their objects.
BY_TOKEN = {
    "api-cancel",
    "api-session",
    "api-session-cancel",
    "api-session-restore",
    "api-speaker",
    "api-room",
}
FORGED = {
    "verify-order",
    "confirm-erasure",
    "club-claim",
    "badge",
    "organize-import-preview",
    "dev-mail",
    "dev-mail-html",
    "dev-mail-attachment",
}
# Any two people of the directory can be compared; neither belongs to an event or to the other.
# A privacy request belongs to the club too; it is refused at an event that does not block it.
CLUB_PAIRS = {"club-person-merge", "privacy-case-ask"}


def iterate_swapped_addresses():
    """Yield each address with each argument that names an object of an event."""
    for name, arguments in list_url_patterns():
        if name in FORGED | BY_TOKEN | CLUB_PAIRS or (len(arguments) == 1 and "/me/" not in name):
            continue
        for argument in arguments:
            named_by_slug = argument == "slug" and "event" in arguments
            if named_by_slug or argument not in NO_OBJECT:
                yield name, arguments, argument


def test_every_argument_is_known():
    assert {argument for _name, _arguments, argument in iterate_swapped_addresses()} <= OBJECTS | {"slug"}


@pytest.fixture(scope="module")
def shared_world(shared_rows):
    return make_event_objects("here"), make_event_objects("elsewhere", spare=7)


@pytest.fixture
def world(shared_world, db):
    return shared_world


@pytest.mark.long
@pytest.mark.parametrize("role", ["organizer", "organizer of both", "administrator"])
def test_object_of_another_event_is_not_found(world, role):
    here, elsewhere = world
    person = make_administrator() if role == "administrator" else make_person()
    for event in [here.event, elsewhere.event] if role == "organizer of both" else [here.event]:
        EventRole.objects.create(event=event, person=person, role="organizer")
    client = make_client(person)
    found = {}

    for name, arguments, swapped in iterate_swapped_addresses():
        if role != "administrator" and (
            name.startswith("club-") or PERMISSIONS_BY_URL_NAME.get(name) == SECRETARIES
        ):
            continue  # not for organizers: see test_permissions
        if name.startswith("host-"):
            continue  # a host's own session: see test_hosts
        given, other = here.arguments(name, arguments), elsewhere.arguments(name, arguments)
        address = reverse(name, kwargs={**given, swapped: other[swapped]})
        for method in ("GET", "POST"):
            with transaction.atomic():
                status = client.generic(method, address).status_code
                transaction.set_rollback(True)
            if status not in {404, 405}:
                found[name, swapped, method] = status

    assert found == {}


def list_link_addresses():
    """Return each address that a mailed link opens."""
    return [
        (name, arguments)
        for name, arguments in list_url_patterns()
        if {"reference", "secret"} <= {*arguments}
    ]


def test_personal_link_opens_only_the_pages_of_own_registration(world):
    here, _elsewhere = world
    boss, order = here.registration, here.registration.order
    mine = make_registration(boss.ticket, order=order, last_name="Colleague", email="colleague@example.org")
    own = {**here.values, "secret": make_own_secret(mine), "person": mine.reference}
    client, reached, told = make_client(None), set(), {}

    for name, arguments in list_link_addresses():
        for person in (mine, boss) if "person" in arguments else (mine,):
            given = {**here.arguments(name, arguments), **own, "person": person.reference}
            address = reverse(name, kwargs={argument: given[argument] for argument in arguments})
            for method in ("GET", "POST"):
                with transaction.atomic():
                    answer = client.generic(method, address)
                    transaction.set_rollback(True)
                if answer.status_code < 400:
                    reached.add((name, person == mine))
                content = b"".join(answer) if answer.streaming else answer.content
                said = f"{dict(answer.headers)} {content.replace(b'\r\n ', b'').decode('latin-1')}"
                secrets = (
                    order.manage_secret,
                    make_own_secret(boss),
                    order.email,
                    boss.reference,
                    boss.last_name,
                    boss.email,
                )
                if answer.status_code < 400 and (leaked := [word for word in secrets if word in said]):
                    told[name, method] = leaked

    assert told == {}
    assert reached == {
        (name, True)
        for name in (
            "order",
            "order-calendar",
            "order-erasure",
            "order-correct",
            "order-addons",
            "order-answers",
            "order-cancel",
            "order-substitute",
            "order-details",
            "order-badge",
            "order-badges",
            "order-badge-picture",
            "order-sessions",
            "order-agenda",
            "order-programme",
            "order-feedback",
            "order-certificates",
        )
    }
