"""Every address by every role: allowed, redirected to the sign-in, or refused.

The table is compared with the address patterns: a new address that is missing there fails.
"""

import json

import pytest
from django.contrib import admin
from django.db import transaction
from django.test import Client
from django.urls import reverse

from convention.club.models import Person
from convention.events.models import Event
from tests.bearer_tokens import make_tokens
from tests.factories import make_person
from tests.permission_table import NOBODY, ORGANIZERS, PERMISSIONS_BY_URL_NAME, POST_ONLY, ROLES
from tests.site_objects import (
    is_allowed,
    list_url_patterns,
    make_client,
    make_event_objects,
    make_people_by_role,
)

pytestmark = pytest.mark.django_db

# The billing details of an order can no longer be changed once it is invoiced, as the order here is.
PAGES_NEEDING_DATA = {"organize-import-preview", "session-choose", "company-order-billing"}
ROLES_TRYING_EVERY_ADDRESS = {"anonymous", "administrator"}
# Administrators run the SQL of every page, so they are tested on PostgreSQL too.
ROLE_PARAMETERS = [
    role if role == "administrator" else pytest.param(role, marks=pytest.mark.once) for role in ROLES
]


def get_permitted_roles(name):
    """Return the permitted roles: from the table, or organizers for other pages below /organize/EVENT/."""
    if name in PERMISSIONS_BY_URL_NAME:
        return PERMISSIONS_BY_URL_NAME[name]
    assert name.startswith("organize-"), f"{name} has no line in the table"
    return ORGANIZERS


@pytest.fixture(scope="module")
def shared_world(shared_rows):
    here, elsewhere = make_event_objects("doors"), make_event_objects("elsewhere", spare=7)
    return here, make_people_by_role(here, elsewhere.event), elsewhere


@pytest.fixture
def world(shared_world, db):
    return shared_world


def send_request(client: Client, method: str, address: str, **headers):
    """Return the response to a request whose changes are rolled back."""
    with transaction.atomic():
        answer = client.generic(method, address, **headers)
        if method == "GET" and answer.streaming:
            b"".join(answer.streaming_content)
        transaction.set_rollback(True)
    assert answer.status_code < 500, f"{method} {address}"
    return answer


@pytest.fixture(params=[4, pytest.param(1, marks=pytest.mark.soak)], ids=["a fourth", "all"])
def step(request):
    """Return the step through the roles: each address is tried by every fourth, in `make soak` by all."""
    return request.param


@pytest.mark.long
@pytest.mark.parametrize("role", ROLE_PARAMETERS)
def test_each_address_admits_only_the_permitted_roles(world, role, step):
    """Try each restricted address with each role that it refuses, by the method that it accepts.

    Visitors without an account and administrators try every address. A quarter of the other roles, in turn,
    also tries the addresses that it may open and, where it is refused, the method that is not accepted.
    """
    here, people, _elsewhere = world
    client = make_client(people.get(role))
    Person.objects.filter(pk=people["erased organizer"].pk).update(is_active=False)
    surprises = {}

    for number, (name, arguments) in enumerate(list_url_patterns(), start=ROLES.index(role)):
        address, its_turn = here.address(name, arguments), number % step == 0
        main, other = ("POST", "GET") if name in POST_ONLY else ("GET", "POST")
        if its_turn or role in ROLES_TRYING_EVERY_ADDRESS or role not in get_permitted_roles(name):
            answer = send_request(client, main, address)
            if name not in PAGES_NEEDING_DATA and is_allowed(answer) != (role in get_permitted_roles(name)):
                surprises[name, main] = answer.status_code
        if (
            its_turn
            and role not in get_permitted_roles(name)
            and is_allowed(answer := send_request(client, other, address))
        ):
            surprises[name, other] = answer.status_code

    assert surprises == {}


@pytest.mark.once
def test_every_address_refuses_other_http_methods(world):
    here, people, _elsewhere = world
    client = make_client(people["administrator"])
    surprises = {}

    for name, arguments in list_url_patterns():
        for method in ("PUT", "PATCH", "DELETE", "TRACE"):
            answer = send_request(client, method, here.address(name, arguments))
            if answer.status_code not in {401, 403, 404, 405}:
                surprises[name, method] = answer.status_code

    assert surprises == {}


@pytest.mark.once
def test_read_only_pages_answer_post_with_405(world):
    """A page that takes no POST answers 405 instead of showing itself."""
    here, people, _elsewhere = world
    client = make_client(people["administrator"])
    for name in ("home", "event", "agenda", "session", "speakers", "speaker", "badge", "me", "order", "scan"):
        address = here.address(name, dict(list_url_patterns())[name])
        assert send_request(client, "POST", address).status_code == 405, name


TOKENS_BY_URL_NAME = {
    "api-registrations": {"organizer’s program"},
    "api-cancel": {"attendee’s program"},
    "api-attendance": {"organizer’s program of attendance"},
    "api-attendance-figures": {"organizer’s program of attendance"},
    "api-headcount": {"organizer’s program of attendance"},
    "api-draft": {"organizer’s program of the schedule"},
    "api-draft-slots": {"organizer’s program of the schedule"},
    "api-draft-undo": {"organizer’s program of the schedule"},
    "api-session-cancel": {"organizer’s program of the schedule"},
    "api-session-restore": {"organizer’s program of the schedule"},
    "api-draft-conflicts": {"organizer’s program of the schedule"},
    "api-session": {"organizer’s program of the schedule"},
    "api-speakers": {"organizer’s program of the schedule"},
    "api-session-proposals": {"organizer’s program of the schedule"},
    # These two are only changed and removed, by PATCH and DELETE.
    "api-speaker": set(),
    "api-rooms": {"organizer’s program of the schedule"},
    "api-room": set(),
    "api-publish": {"organizer’s program of the schedule"},
    "scanner-snapshot": {"device"},
    "scanner-scans": {"device"},
    "scanner-search": {"device"},
    "scanner-attendees": set(),  # a supervisor's device
    "scanner-conflicts": {"device"},
    "scanner-checkpoint": {"device"},
}


@pytest.mark.long
def test_each_endpoint_admits_only_the_permitted_tokens(world):
    here, _people, elsewhere = world
    opened, tokens = {}, make_tokens(here, elsewhere)

    for name, arguments in list_url_patterns():
        if not here.address(name, arguments).startswith("/api/") or PERMISSIONS_BY_URL_NAME[name] != NOBODY:
            continue
        method = "POST" if name in POST_ONLY else "GET"
        body = {"data": json.dumps({"scans": []}), "content_type": "application/json"}
        opened[name] = {
            bearer
            for bearer, token in tokens.items()
            if is_allowed(
                send_request(
                    Client(),
                    method,
                    here.address(name, arguments),
                    headers={"Authorization": f"Bearer {token}"},
                    **(body if method == "POST" else {}),
                )
            )
        }

    assert opened == TOKENS_BY_URL_NAME


@pytest.mark.once
def test_every_row_of_the_table_is_an_existing_address():
    assert set(PERMISSIONS_BY_URL_NAME) - {name for name, _arguments in list_url_patterns()} == set()
    assert POST_ONLY - {name for name, _arguments in list_url_patterns()} == set()


@pytest.mark.once
@pytest.mark.parametrize("role", ["anonymous", "attendee", "organizer elsewhere", "treasurer"])
def test_draft_event_is_not_found_by_outsiders(world, role):
    here, people, _elsewhere = world
    Event.objects.filter(slug="doors").update(visibility=Event.Visibility.DRAFT)
    names = {"event", "agenda", "agenda-changes", "agenda-changes-feed", "agenda-ics",
             "agenda-xml", "agenda-json", "agenda-pdf", "session",
             "speakers", "speaker", "register", "api-event", "api-sessions", "api-orders"}  # fmt: skip
    client = make_client(people.get(role))
    arguments = dict(list_url_patterns())
    for name in sorted(names):
        answer = send_request(
            client, "POST" if name in POST_ONLY else "GET", here.address(name, arguments[name])
        )
        assert answer.status_code == 404, name


@pytest.mark.once
def test_ended_role_loses_access_immediately(world):
    _here, people, _elsewhere = world
    organizer, desk = make_client(people["administrator"]), make_client(people["desk"])

    assert desk.get("/desk/doors/").status_code == 200

    role = people["desk"].event_roles.get()
    organizer.post(f"/organize/doors/people/{role.pk}/end/")

    assert desk.get("/desk/doors/").status_code == 403


@pytest.mark.once
def test_back_office_is_for_superusers_only(world):
    """Open the index and the list and form of every model with each role."""
    _here, people, _elsewhere = world
    addresses = [reverse("admin:index")]
    for model in admin.site._registry:
        names = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        addresses += [reverse(f"{names}_changelist"), reverse(f"{names}_add")]
    clerk, root = make_person(is_staff=True), make_person(is_staff=True, is_superuser=True)
    for name, person in {**people, "anonymous": None}.items():
        client = make_client(person)
        assert [a for a in addresses if is_allowed(send_request(client, "GET", a))] == [], name

    client = make_client(clerk)

    assert [a for a in addresses if is_allowed(send_request(client, "GET", a))] == [reverse("admin:index")]

    client = make_client(root)
    refused = [a for a in addresses if not is_allowed(send_request(client, "GET", a))]

    written_by_nobody = {
        "/back-office/audit/auditentry/add/",
        "/back-office/django_tasks_database/dbtaskresult/add/",
    }

    assert set(refused) == written_by_nobody
