"""Every address by every role: who is let in, who is sent to sign in, who is refused.

The table is held against the address patterns themselves: a new address without a line here fails.
"""

import json

import pytest
from django.contrib import admin
from django.db import transaction
from django.test import Client
from django.urls import reverse

from convention.club.lists import LISTS as CLUB_LISTS
from convention.club.models import Person
from convention.events.models import Event
from tests.doors import bearers_of, client_of, is_let_in, named_addresses, objects_of, people_of
from tests.factories import make_person

pytestmark = pytest.mark.django_db

OUTSIDERS = {
    "attendee", "other attendee", "company contact", "scanner", "former organizer", "treasurer", "secretary",
}  # fmt: skip
ROLES = [
    "anonymous", "erased organizer", *sorted(OUTSIDERS), "organizer elsewhere", "desk", "organizer",
    "outside organizer", "administrator",
]  # fmt: skip
EVERYONE = set(ROLES)
SIGNED_IN = EVERYONE - {"anonymous", "erased organizer"}
ORGANIZERS = {"organizer", "outside organizer", "administrator"}
RUNNING_SOMETHING = ORGANIZERS | {"organizer elsewhere", "desk"}
DESK = ORGANIZERS | {"desk"}
ADMINISTRATORS = {"administrator"}
CONTACT = {"company contact"}
TREASURERS = {"treasurer", "administrator"}
VISITS = ORGANIZERS | {"secretary"}
PLANNERS = {"secretary", "administrator"}
NOBODY: set[str] = set()
OF_THE_CLUB = """
    companies company-new company company-edit company-absorb role-add role-end people person
    job-add job markets market import imports import-undo contact-end seat-give seat-take
    membership-new membership membership-confirm membership-leave membership-renew employer
""".split()

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
    "api-quotes": EVERYONE,
    "api-registrations": NOBODY,
    "scanner-snapshot": NOBODY,
    "scanner-scans": NOBODY,
    # one's own
    "api-tokens": SIGNED_IN,
    "api-token-revoke": NOBODY,  # another person's token
    "me": SIGNED_IN,
    "security": SIGNED_IN,
    "security-sessions-end": SIGNED_IN,
    "security-session-end": NOBODY,  # another person's session
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
    "order-answers": EVERYONE,
    "order-cancel": EVERYONE,
    "order-substitute": EVERYONE,
    "order-details": EVERYONE,
    "order-badge": EVERYONE,
    "order-apple-pass": NOBODY,  # where it is not configured
    "order-google-pass": NOBODY,
    "order-badge-picture": EVERYONE,
    "order-renew": EVERYONE,
    "order-sessions": EVERYONE,
    "order-agenda": EVERYONE,
    "join-waiting": EVERYONE,
    "waiting": EVERYONE,  # with the secret
    "waiting-leave": EVERYONE,  # with the secret
    "order-pay": EVERYONE,
    "order-pay-test": EVERYONE,  # in production nobody
    "order-transfer": EVERYONE,
    "order-pro-forma": EVERYONE,
    "order-sponsor": EVERYONE,
    "order-sponsor-logo": EVERYONE,
    "quotation": EVERYONE,  # with the secret
    "quotation-paper": EVERYONE,  # with the secret
    "sponsors": EVERYONE,
    "sponsor-order": EVERYONE,
    "sponsor-logo": EVERYONE,
    "stripe-webhook": NOBODY,  # Stripe alone, by its signature
    "lost-link": EVERYONE,
    "renew-agenda": EVERYONE,  # one's own, by the cookie
    "prove": NOBODY,  # a forged proof
    "unsubscribe": EVERYONE,  # with the signed link of a mail
    # the scanner's shell holds nothing; its data ask for a device's token
    "scan": EVERYONE,
    "scanner-worker": EVERYONE,
    "scanner-manifest": EVERYONE,
    # a company's contact: of this one
    "company": CONTACT,
    "company-home": CONTACT,
    "company-seats": CONTACT,
    "company-seat-give": CONTACT,
    "company-seat-take": CONTACT,
    "company-registrations": CONTACT,
    "company-place": CONTACT,
    "company-place-invite": CONTACT,
    "company-place-cancel": CONTACT,
    "company-orders": CONTACT,
    "company-invoices": CONTACT,
    "company-invoice": CONTACT,
    "company-register": CONTACT,
    "company-check": CONTACT,
    # visits: of a member, and of who runs them; nobody here has a seat or has applied
    "visits": SIGNED_IN,
    "visit": VISITS,
    "visit-apply": VISITS,
    "visit-withdraw": NOBODY,
    "visit-text": VISITS,
    **{
        f"organize-visit{name}": VISITS
        for name in (
            "",
            "-begin",
            "-step",
            "-call-off",
            "-text",
            "-applicants",
            "-applicants-csv",
            "-applicants-xlsx",
            "-applicant",
            "-applicant-decide",
        )
    },
    # the club's companies
    **{f"club-{name}": ADMINISTRATORS for name in OF_THE_CLUB},
    **{f"club-{name}-{kind}": ADMINISTRATORS for name in CLUB_LISTS for kind in ("csv", "xlsx")},
    # the season: members and vendors are tried in test_planning; nobody here is one
    "season": PLANNERS,
    "proposals": NOBODY,
    "proposal-new": NOBODY,
    "proposal-act": NOBODY,
    **{f"organize-turns{kind}": PLANNERS for kind in ("", "-csv", "-xlsx")},
    **{f"organize-proposal{name}": PLANNERS for name in ("", "s", "-date", "-decide")},
    "organize-season": PLANNERS,
    # the treasurer
    **dict.fromkeys(
        [
            "money",
            "money-csv",
            "money-xlsx",
            "money-owed",
            "money-buyer",
            "money-pro-forma",
            "money-issue",
            "money-deposit",
            "money-pay",
            "money-credit-gone",
            "money-paper",
            "money-credit",
            "money-correct",
            "money-refund",
            "money-refund-done",
            "money-refund-failed",
            "money-books",
            "money-entries",
            "money-payouts",
            "money-payout",
            "money-issuer",
            "money-days",
            "money-days-csv",
            "money-days-xlsx",
            "money-cards",
            "money-card-place",
            "money-bank",
            "money-bank-import",
            "money-bank-line",
            "money-bank-aside",
            "money-bank-undo",
        ],
        TREASURERS,
    ),
    # organizers
    "organize": RUNNING_SOMETHING - {"desk"},
    "organize-event-create": ADMINISTRATORS,
    "organize-event": ORGANIZERS,
    "desks": RUNNING_SOMETHING,
    "desk": DESK,
    "desk-badge": DESK,
    "desk-walk-in": DESK,
    "organize-devices": DESK,
    "organize-attendance-person": DESK,
    "organize-check-in": DESK,
}
POSTED = {
    "proposal-act", "organize-proposal-date", "organize-proposal-decide",
    "club-role-add", "club-role-end", "club-job-add",
    "company-seat-give", "company-seat-take", "company-place-invite", "club-contact-end", "club-seat-give",
    "club-seat-take", "club-membership-confirm", "club-membership-leave", "club-membership-renew",
    "waiting-leave", "organize-waiting-act",
    "security-sessions-end", "security-session-end",
    "choose-language", "keep-agenda", "api-token-revoke", "organize-role-end",
    "organize-check-in",
    "organize-checkpoints-sessions",
    "organize-conflict-resolve",
    "organize-device-revoke",
    "organize-checkpoint-remove",
    "organize-registration-cancel", "api-orders", "api-quotes", "scanner-scans",
    "organize-session-cancel", "organize-session-restore", "organize-session-remove", "organize-track-move",
    "organize-track-remove", "organize-speaker-remove", "organize-ticket-remove",
    "organize-addon-remove", "organize-voucher-remove", "organize-quota-remove",
    "organize-question-remove",
    "organize-package-remove", "organize-sponsor-logo-new", "organize-sponsor-cancel",
    "stripe-webhook", "money-card-place", "money-bank-aside", "money-bank-undo",
    "organize-registration-resend", "organize-registration-renew", "renew-agenda", "organize-badges-print",
    "organize-mailing-test", "organize-mailing-send", "organize-mailing-schedule", "organize-mailing-cancel",
    "organize-mailing-resume", "organize-mailing-remove", "organize-mailing-came-back",
    "organize-mail-bounce-right", "organize-duplicate-apart",
    "visit-apply", "visit-withdraw", "organize-visit-begin", "organize-visit-step",
    "organize-visit-applicant-decide",
}  # fmt: skip
# A check once chosen; a choice of a session.
WITH_MORE = {"organize-import-preview", "choose"}


def expected(name):
    """Who is let in: by the table, or organizers alone for whatever else stands beneath /organize/EVENT/."""
    if name in DOORS:
        return DOORS[name]
    assert name.startswith("organize-"), f"{name} has no line in the table"
    return ORGANIZERS


@pytest.fixture
def world():
    here, elsewhere = objects_of("doors"), objects_of("elsewhere", spare=7)
    return here, people_of(here, elsewhere.event), elsewhere


def sent(client: Client, method: str, address: str, **headers):
    """The answer; whatever the act does is taken back before the next."""
    with transaction.atomic():
        answer = client.generic(method, address, **headers)
        if method == "GET" and answer.streaming:
            b"".join(answer.streaming_content)
        transaction.set_rollback(True)
    assert answer.status_code < 500, f"{method} {address}"
    return answer


@pytest.mark.parametrize("role", ROLES)
def test_each_address_lets_in_whom_it_should(world, role):
    here, people, _elsewhere = world
    client = client_of(people.get(role))
    Person.objects.filter(pk=people["erased organizer"].pk).update(is_active=False)
    surprises = {}
    for name, arguments in named_addresses():
        address = here.address(name, arguments)
        main, other = ("POST", "GET") if name in POSTED else ("GET", "POST")
        answer = sent(client, main, address)
        if name not in WITH_MORE and is_let_in(answer) != (role in expected(name)):
            surprises[name, main] = answer.status_code
        if role not in expected(name) and is_let_in(answer := sent(client, other, address)):
            surprises[name, other] = answer.status_code
    assert surprises == {}


def test_no_address_answers_to_other_methods(world):
    here, people, _elsewhere = world
    client = client_of(people["administrator"])
    surprises = {}
    for name, arguments in named_addresses():
        for method in ("PUT", "PATCH", "DELETE", "TRACE"):
            answer = sent(client, method, here.address(name, arguments))
            if answer.status_code not in {401, 403, 404, 405}:
                surprises[name, method] = answer.status_code
    assert surprises == {}


def test_what_is_only_read_cannot_be_posted_to(world):
    """A page that takes no POST says so instead of showing itself."""
    here, people, _elsewhere = world
    client = client_of(people["administrator"])
    for name in ("home", "event", "agenda", "session", "speakers", "speaker", "badge", "me", "order", "scan"):
        address = here.address(name, dict(named_addresses())[name])
        assert sent(client, "POST", address).status_code == 405, name


BEARERS = {
    "api-registrations": {"organizer’s program"},
    "scanner-snapshot": {"device"},
    "scanner-scans": {"device"},
}


def test_each_endpoint_by_each_token(world):
    here, _people, elsewhere = world
    opened = {}
    for name, arguments in named_addresses():
        if not here.address(name, arguments).startswith("/api/") or DOORS[name] != NOBODY:
            continue
        method = "POST" if name in POSTED else "GET"
        body = {"data": json.dumps({"scans": []}), "content_type": "application/json"}
        opened[name] = {
            bearer
            for bearer, token in bearers_of(here, elsewhere).items()
            if is_let_in(
                sent(
                    Client(),
                    method,
                    here.address(name, arguments),
                    headers={"Authorization": f"Bearer {token}"},
                    **(body if method == "POST" else {}),
                )
            )
        }
    assert opened == BEARERS


def test_every_line_of_the_table_is_an_address():
    assert set(DOORS) - {name for name, _arguments in named_addresses()} == set()
    assert POSTED - {name for name, _arguments in named_addresses()} == set()


@pytest.mark.parametrize("role", ["anonymous", "attendee", "organizer elsewhere", "treasurer"])
def test_a_draft_is_not_there_for_strangers(world, role):
    here, people, _elsewhere = world
    Event.objects.filter(slug="doors").update(visibility=Event.Visibility.DRAFT)
    names = {"event", "agenda", "agenda-ics", "agenda-xml", "agenda-json", "agenda-pdf", "session",
             "speakers", "speaker", "register", "api-event", "api-sessions", "api-orders"}  # fmt: skip
    client = client_of(people.get(role))
    arguments = dict(named_addresses())
    for name in sorted(names):
        answer = sent(client, "POST" if name in POSTED else "GET", here.address(name, arguments[name]))
        assert answer.status_code == 404, name


def test_a_role_that_ends_opens_nothing_from_that_moment(world):
    _here, people, _elsewhere = world
    organizer, desk = client_of(people["administrator"]), client_of(people["desk"])
    assert desk.get("/desk/doors/").status_code == 200
    role = people["desk"].event_roles.get()
    organizer.post(f"/organize/doors/people/{role.pk}/end/")
    assert desk.get("/desk/doors/").status_code == 403


def test_the_back_office_is_for_administrators_of_the_site(world):
    """By role: the index and every list, form and addition of every model there."""
    _here, people, _elsewhere = world
    addresses = [reverse("admin:index")]
    for model in admin.site._registry:
        names = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        addresses += [reverse(f"{names}_changelist"), reverse(f"{names}_add")]
    clerk, root = make_person(is_staff=True), make_person(is_staff=True, is_superuser=True)
    for name, person in {**people, "anonymous": None}.items():
        client = client_of(person)
        assert [a for a in addresses if is_let_in(sent(client, "GET", a))] == [], name
    client = client_of(clerk)
    assert [a for a in addresses if is_let_in(sent(client, "GET", a))] == [reverse("admin:index")]
    client = client_of(root)
    refused = [a for a in addresses if not is_let_in(sent(client, "GET", a))]
    written_by_nobody = {
        "/back-office/audit/entry/add/",
        "/back-office/django_tasks_database/dbtaskresult/add/",
    }
    assert set(refused) == written_by_nobody
