"""An object is reached through its own event alone: every address, every argument, swapped one by one."""

import pytest
from django.db import transaction
from django.urls import reverse

from convention.events.models import EventRole
from tests.doors import client_of, named_addresses, objects_of
from tests.factories import make_administrator, make_person

pytestmark = pytest.mark.django_db

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
}
# Session numbers are counted within an event, and the guest's ticket has a name of its own at each.
OBJECTS = {
    "device", "door", "guid", "number", "person", "pk", "reference", "registration", "role_id", "secret",
    "ticket", "token",
}  # fmt: skip
FORGED = {"prove", "badge", "organize-import-preview", "dev-mail", "dev-mail-html", "dev-mail-attachment"}


def swaps():
    """Each address with each argument that names an object of an event."""
    for name, arguments in named_addresses():
        if name in FORGED or (len(arguments) == 1 and "/me/" not in name):
            continue
        for argument in arguments:
            named_by_slug = argument == "slug" and "event" in arguments
            if named_by_slug or argument not in NO_OBJECT:
                yield name, arguments, argument


def test_every_argument_is_known():
    assert {argument for _name, _arguments, argument in swaps()} <= OBJECTS | {"slug"}


@pytest.mark.parametrize("role", ["organizer", "organizer of both", "administrator"])
def test_an_object_of_another_event_is_not_there(role):
    here, elsewhere = objects_of("here"), objects_of("elsewhere", spare=7)
    person = make_administrator() if role == "administrator" else make_person()
    for event in [here.event, elsewhere.event] if role == "organizer of both" else [here.event]:
        EventRole.objects.create(event=event, person=person, role="organizer")
    client = client_of(person)
    found = {}
    for name, arguments, swapped in swaps():
        given, other = here.arguments(name, arguments), elsewhere.arguments(name, arguments)
        address = reverse(name, kwargs={**given, swapped: other[swapped]})
        for method in ("GET", "POST"):
            with transaction.atomic():
                status = client.generic(method, address).status_code
                transaction.set_rollback(True)
            if status not in {404, 405}:
                found[name, swapped, method] = status
    assert found == {}
