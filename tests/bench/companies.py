"""3,000 members of 100 companies compete for 500 places with at most six per company, 64 requests at once.

Once by API, each with a token that was used a moment ago; and once by page: each is signed in on the last
screen of the registration and presses its button. People on a waiting list that cannot be served are passed
over.
"""

import json
from collections.abc import Iterator
from urllib.parse import urlencode

from tests.bench.figures import Figure
from tests.bench.load import Result, drive, request
from tests.bench.rush import AT_ONCE, PLACES, WARMING, compute_rate, measure_bare_rate
from tests.bench.site import Site

COMPANIES, PEOPLE, CAP = 100, 30, 6
ORDERED, REFUSED = 201, 409
TOKEN = "c" * 32
PEOPLE_SIGNED_IN = f"""
import datetime, json, secrets
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone
from convention.api.models import ApiToken
from convention.api.tokens import hash_token
from convention.club.models import Company, Employment, Membership, Person, Plan, Seat
from convention.events.models import Event
from dataclasses import asdict
from registrations.storefront.drafts import DraftContent
from registrations.models import RegistrationDraft, Ticket, WaitingEntry

event, today = Event.objects.get(slug="large"), timezone.localdate()
capped = [
    Ticket.objects.create(
        event=event, slug=slug, name=slug, audience="member", capacity={PLACES}, company_cap={CAP}
    )
    for slug in ("capped", "capped-by-token", "before-capped")
]
plan, _made = Plan.objects.get_or_create(slug="rush", defaults={{"name": "Rush"}})
companies = Company.objects.bulk_create(
    Company(name=f"Rush {{n}}", slug=f"rush-{{n}}") for n in range({COMPANIES})
)
about = {{"plan": plan, "plan_name": "Rush", "seats": 50, "starts_on": today, "confirmed_on": today}}
memberships = Membership.objects.bulk_create(Membership(company=one, **about) for one in companies)
people = Person.objects.bulk_create(
    Person(first_name="A", last_name=f"B{{n}}", email=f"rush{{n}}@example.org", password=f"!{{n}}")
    for n in range({COMPANIES * PEOPLE})
)
homes = [memberships[n % {COMPANIES}] for n in range(len(people))]
Employment.objects.bulk_create(
    Employment(person=one, company=home.company, starts_on=today) for one, home in zip(people, homes)
)
Seat.objects.bulk_create(
    Seat(membership=home, person=one, starts_on=today) for one, home in zip(people, homes)
)
WaitingEntry.objects.bulk_create(
    WaitingEntry(event=event, ticket=ticket, first_name="A", last_name=f"W{{n}}",
                 email=f"w{{n}}@example.org", address=f"w{{n}}@example.org")
    for n in range(100) for ticket in capped
)
keys = [secrets.token_urlsafe(32) for _one in people]
ApiToken.objects.bulk_create(
    ApiToken(person=one, name="Rush", scopes=["registrations:write"], token_hash=hash_token(key),
             used_at=timezone.now())
    for one, key in zip(people, keys)
)
store, rows, drafts, later = SessionStore(), [], [], timezone.now() + datetime.timedelta(days=1)
for one in people:
    who = {{"first_name": "A", "last_name": one.last_name, "email": one.email, "ticket": "capped"}}
    said = {{
        SESSION_KEY: str(one.pk), HASH_SESSION_KEY: one.get_session_auth_hash(),
        BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
        "registration:large": f"draft-{{one.pk}}",
    }}
    content = json.dumps(asdict(DraftContent(people=[who], language="fr", nonce=one.email)))
    drafts.append(RegistrationDraft(
        event=event, token=f"draft-{{one.pk}}", content=content, size=len(content), changed_at=timezone.now()
    ))
    kept = store.encode(said)
    rows.append(Session(session_key=secrets.token_hex(16), session_data=kept, expire_date=later))
Session.objects.bulk_create(rows)
RegistrationDraft.objects.bulk_create(drafts)
print(json.dumps([[row.session_key, one.email, key] for row, one, key in zip(rows, people, keys)]))
"""
OUTCOME = """
import json
from django.db.models import Count
from registrations.models import CompanyShare, Registration, Ticket
ticket = Ticket.objects.get(slug="{slug}")
rows = Registration.objects.filter(ticket=ticket)
most = rows.order_by().values("member_of").annotate(places=Count("pk")).values_list("places", flat=True)
counted = sum(CompanyShare.objects.filter(ticket=ticket).values_list("reserved", flat=True))
print(json.dumps([rows.count(), ticket.reserved, counted, max(most)]))
"""
WHY = (
    "the floor writes one row and reads none. In addition to a plain order, the token, its person and their"
    " seat are read, the person is locked to check that they have no place yet, and their company’s share is"
    " counted."
)
WHY_BY_PAGE = (
    "each attempt is a page, not an API call: it reads session, draft, person, roles and seat, prices the"
    " order for the form and again for the booking, and deletes the draft; the booking is the same as by API."
)


def figures(site: Site) -> Iterator[Figure]:
    """Measure both, and check what they left in the database."""
    floor = measure_bare_rate(site) if site.is_postgresql else None
    people = json.loads(site.manage("shell", "-v0", "-c", PEOPLE_SIGNED_IN))
    name = "rush under a cap per company"
    drive(site.port, [order_of(email, key, "before-capped") for _, email, key in people[:WARMING]])
    by_token = drive(site.port, [order_of(email, key) for _, email, key in people], connections=AT_ONCE)
    yield from _outcome(site, name, "capped-by-token", by_token)
    yield Figure(
        f"{name}: orders until sold out", compute_rate(by_token), "/s",
        at_least=250 if site.is_postgresql else 150,
        floor=floor, floor_work="one bare statement", of_floor=floor and 1 / 3, why=WHY,
    )  # fmt: skip
    by_page = drive(site.port, [attempt(*person) for person in people], connections=AT_ONCE, outcome=outcome)
    yield from _outcome(site, f"{name}, by page", "capped", by_page)
    yield Figure(
        f"{name}, by page: orders until sold out", compute_rate(by_page), "/s", at_least=150, why=WHY_BY_PAGE
    )


def _outcome(site: Site, name: str, ticket: str, result: Result) -> Iterator[Figure]:
    given, taken, counted, most = json.loads(
        site.manage("shell", "-v0", "-c", OUTCOME.replace("{slug}", ticket))
    )
    yield Figure(f"{name}: places booked of {PLACES}", given, "", at_least=PLACES, at_most=PLACES)
    wrong = abs(taken - given) + abs(counted - given)
    yield Figure(f"{name}: counters that differ from the rows", wrong, "", at_most=0)
    yield Figure(f"{name}: places of the company with most", most, "", at_most=CAP)
    errors = sum(n for status, n in result.statuses.items() if status not in (ORDERED, REFUSED))
    yield Figure(f"{name}: error pages", errors, "", at_most=0)
    yield Figure(f"{name}: p95 of all attempts", result.percentile(0.95), "ms")


def order_of(email: str, key: str, ticket: str = "capped-by-token") -> bytes:
    """Return the API request of one member."""
    person = {"ticket": ticket, "first_name": "A", "last_name": "B", "email": email}
    body = {"email": email, "language": "fr", "registrations": [person]}
    headers = {"Authorization": f"Bearer {key}"}
    path = "/api/v1/events/large/orders/"
    return request(path, method="POST", body=json.dumps(body).encode(), headers=headers)


def attempt(session: str, nonce: str, _key: str) -> bytes:
    """Return the last form of one member."""
    fields = {"language": "fr", "nonce": nonce, "shown": "0", "csrfmiddlewaretoken": TOKEN}
    headers = {
        "Cookie": f"sessionid={session}; csrftoken={TOKEN}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    path = "/events/large/register/check/"
    return request(path, method="POST", body=urlencode(fields).encode(), headers=headers)


def outcome(answer: bytes, status: int) -> int:
    """Return the outcome of a form: redirected to the order, or back to the screens."""
    if status != 302:
        return status
    return ORDERED if b"\nlocation: /orders/" in answer[:2000].lower() else REFUSED
