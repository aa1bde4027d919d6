"""Every address by every role: who is let in, who is sent to sign in, who is refused.

The table is held against the address patterns themselves: a new address without a line here fails.
"""

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from badges.attendance.pair import entrance_of, pair
from convention.club.models import ClubRole
from convention.events.models import Event, EventRole
from schedule.models import Selection
from tests.factories import (
    make_event,
    make_person,
    make_registration,
    make_room,
    make_session,
    make_ticket,
    make_track,
)

pytestmark = pytest.mark.django_db

ROLES = ["anonymous", "attendee", "organizer elsewhere", "desk", "organizer", "administrator"]
EVERYONE = set(ROLES)
SIGNED_IN = EVERYONE - {"anonymous"}
RUNNING_SOMETHING = {"organizer elsewhere", "desk", "organizer", "administrator"}
ORGANIZERS = {"organizer", "administrator"}
DESK = ORGANIZERS | {"desk"}
ADMINISTRATORS = {"administrator"}
NOBODY: set[str] = set()

# Addresses of other packages have locks of their own, tried there.
ELSEWHERE = ("accounts/", "back-office/")

DOORS = {
    # the site
    "home": EVERYONE,
    "accent": EVERYONE,
    "choose-language": EVERYONE,
    "components": EVERYONE,  # in production nobody
    "dev-mails": EVERYONE,
    "dev-mail": NOBODY,
    "dev-mail-html": NOBODY,
    "dev-mail-attachment": NOBODY,
    # the API: open, or closed to whoever holds no token of the right kind
    "api-schema": EVERYONE,
    "api-docs": EVERYONE,
    "api-problem": EVERYONE,
    "api-event": EVERYONE,
    "api-sessions": EVERYONE,
    "api-orders": EVERYONE,
    "api-registrations": NOBODY,
    "scanner-snapshot": NOBODY,
    "scanner-scans": NOBODY,
    # one's own
    "api-tokens": SIGNED_IN,
    "api-token-revoke": NOBODY,  # another person's token
    "me": SIGNED_IN,
    # what everybody reads
    "event": EVERYONE,
    "agenda": EVERYONE,
    "agenda-ics": EVERYONE,
    "agenda-xml": EVERYONE,
    "agenda-json": EVERYONE,
    "agenda-pdf": EVERYONE,
    "choose": EVERYONE,
    "my-agenda": EVERYONE,
    "my-agenda-feed": EVERYONE,  # with the secret
    "shared-agenda": EVERYONE,  # with the secret
    "keep-agenda": EVERYONE,  # with the secret
    "session": EVERYONE,
    "speakers": EVERYONE,
    "speaker": EVERYONE,
    "register": EVERYONE,
    "register-choices": EVERYONE,
    "register-check": EVERYONE,
    "badge": EVERYONE,
    # the order's holder, by the secret of the link
    "order": EVERYONE,
    "order-calendar": EVERYONE,
    "order-correct": EVERYONE,
    "order-cancel": EVERYONE,
    "order-badge": EVERYONE,
    "order-badge-picture": EVERYONE,
    "prove": NOBODY,  # a forged proof
    # the scanner's shell holds nothing; its data ask for a device's token
    "scan": EVERYONE,
    "scanner-worker": EVERYONE,
    "scanner-manifest": EVERYONE,
    # organizers
    "organize": RUNNING_SOMETHING - {"desk"},
    "organize-event-create": ADMINISTRATORS,
    "organize-event": ORGANIZERS,
    "desks": RUNNING_SOMETHING,
    "desk": DESK,
    "desk-badge": DESK,
    "organize-devices": DESK,
    "organize-attendance-person": DESK,
    "organize-check-in": DESK,
}
POSTED = {
    "choose-language", "keep-agenda", "api-token-revoke", "organize-role-end",
    "organize-check-in",
    "organize-checkpoints-sessions",
    "organize-conflict-resolve",
    "organize-device-revoke",
    "organize-checkpoint-remove",
    "organize-registration-cancel", "api-orders", "scanner-scans",
    "organize-session-cancel", "organize-session-restore", "organize-session-remove", "organize-track-move",
    "organize-track-remove", "organize-speaker-remove", "organize-ticket-remove",
    "organize-registration-resend",
}  # fmt: skip


def named_addresses(patterns=None, before=""):
    """Every named address of ours with the arguments it takes."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        address = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if not address.startswith(ELSEWHERE):
                yield from named_addresses(pattern.url_patterns, address)
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield pattern.name, list(pattern.pattern.regex.groupindex)


def expected(name):
    """Who is let in: by the table, or organizers alone for whatever else stands beneath /organize/EVENT/."""
    if name in DOORS:
        return DOORS[name]
    assert name.startswith("organize-"), f"{name} has no line in the table"
    return ORGANIZERS


@pytest.fixture
def world():
    return make_world()


def make_world():
    """People by role, and values for every argument that an address takes (some by the address's name)."""
    event = make_event(slug="doors")
    other = make_event(slug="elsewhere")
    registration = make_registration(make_ticket(event))
    speaker = make_session(event, speakers=("Ana",)).speakers.get()
    selection = Selection.objects.create(event=event, token="s" * 43)
    people = {role: make_person() for role in ROLES[1:]}
    registration.person = people["attendee"]
    registration.save()
    EventRole.objects.create(event=other, person=people["organizer elsewhere"], role="organizer")
    role = EventRole.objects.create(event=event, person=people["desk"], role="desk")
    EventRole.objects.create(event=event, person=people["organizer"], role="organizer")
    ClubRole.objects.create(person=people["administrator"], role="administrator")
    session = event.sessions.get()
    door = entrance_of(event)
    device = pair(checkpoint=door).device
    values = {
        "door": door.pk,
        "device": device.pk,
        "scan": 1,
        "event": "doors", "slug": "doors", "colour": "0b5c8a", "kind": "sold-out", "guid": session.guid,
        "number": session.number, "reference": registration.order.reference,
        "secret": registration.order.secret,
        "person": registration.reference, "role_id": role.pk, "token_id": 1, "file": "x.log", "position": 1,
        "layout": "a6", "ticket": registration.ticket.slug, "registration": registration.reference,
    }  # fmt: skip
    special = {
        "speaker": {"guid": speaker.guid},
        "organize-attendance-file": {"kind": "csv"},
        "organize-attendance-person": {"reference": registration.reference},
        "organize-check-in": {"reference": registration.reference},
        "organize-conflict-resolve": {"reference": registration.reference},
        "desk-badge": {"reference": registration.reference},
        "organize-speaker": {"pk": speaker.pk},
        "organize-speaker-remove": {"pk": speaker.pk},
        "organize-track": {"pk": make_track(event).pk},
        "organize-track-move": {"pk": event.tracks.get().pk},
        "organize-track-remove": {"pk": event.tracks.get().pk},
        "my-agenda-feed": {"token": selection.token},
        "shared-agenda": {"token": selection.token},
        "keep-agenda": {"token": selection.token},
        "organize-import-preview": {"token": "nothing"},
        "prove": {"token": "forged"},
        "organize-registration": {"reference": registration.reference},
        "organize-registration-cancel": {"reference": registration.reference},
        "organize-registration-resend": {"reference": registration.reference},
        "organize-ticket": {"slug": "guest"},
        "organize-ticket-remove": {"slug": "guest"},
        "badge": {"token": "A" * 125},
    }
    make_room(event)
    return people, values, special


def address_of(name, arguments, values, special):
    """The address with arguments that fit it."""
    given = {**values, **special.get(name, {})}
    return reverse(name, kwargs={argument: given[argument] for argument in arguments})


def client_of(person):
    """A browser, signed in where there is a person."""
    client = Client()
    if person:
        client.force_login(person)
    return client


def is_let_in(answer):
    to_sign_in = answer.status_code == 302 and "/accounts/login/" in answer["Location"]
    return not to_sign_in and answer.status_code not in {401, 403, 404}


@pytest.mark.parametrize("role", ROLES)
def test_each_address_lets_in_whom_it_should(world, role):
    people, values, special = world
    surprises = {}
    client = client_of(people.get(role))
    for name, arguments in named_addresses():
        address = address_of(name, arguments, values, special)
        with transaction.atomic():  # whatever the act does is taken back before the next
            answer = client.post(address) if name in POSTED else client.get(address)
            transaction.set_rollback(True)
        assert answer.status_code < 500, address
        if name != "organize-import-preview" and is_let_in(answer) != (role in expected(name)):
            surprises[name] = answer.status_code
    assert surprises == {}


def test_every_line_of_the_table_is_an_address():
    assert set(DOORS) - {name for name, _arguments in named_addresses()} == set()
    assert POSTED - {name for name, _arguments in named_addresses()} == set()


@pytest.mark.parametrize("role", ["anonymous", "attendee", "organizer elsewhere"])
def test_a_draft_is_not_there_for_strangers(world, role):
    people, values, special = world
    Event.objects.filter(slug="doors").update(visibility=Event.Visibility.DRAFT)
    names = {"event", "agenda", "agenda-ics", "agenda-xml", "agenda-json", "agenda-pdf", "session",
             "speakers", "speaker", "register", "api-event", "api-sessions", "api-orders"}  # fmt: skip
    client = client_of(people.get(role))
    arguments = dict(named_addresses())
    for name in sorted(names):
        address = address_of(name, arguments[name], values, special)
        answer = client.post(address) if name in POSTED else client.get(address)
        assert answer.status_code == 404, name


def test_a_role_that_ended_opens_nothing(world):
    people, _values, _special = world
    EventRole.objects.update(starts_on="2020-01-01", ends_on="2020-12-31")
    for role in ("desk", "organizer"):
        client = client_of(people[role])
        assert client.get("/organize/doors/registrations/").status_code == 403
        assert client.get("/desk/doors/").status_code == 403
