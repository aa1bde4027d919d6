"""3,000 signed-in members of 100 companies want 500 places, of which no company may have more than six.

Each stands on the last screen of the registration, signed in, and presses its button: 64 at once, over HTTP.
People wait for the ticket already, whom nobody can serve: what is given goes past them.
"""

import json
from collections.abc import Iterator
from urllib.parse import urlencode

from tests.bench.figures import Figure
from tests.bench.load import drive, request
from tests.bench.rush import AT_ONCE, PLACES, rate
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
from convention.club.models import Company, Employment, Membership, Person, Plan, Seat
from convention.events.models import Event
from registrations.draft import Draft
from registrations.models import Ticket, WaitingEntry

event, today = Event.objects.get(slug="large"), timezone.localdate()
ticket = Ticket.objects.create(
    event=event, slug="capped", name="Capped", audience="member", capacity={PLACES}, company_cap={CAP}
)
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
    for n in range(100)
)
store, rows, later = SessionStore(), [], timezone.now() + datetime.timedelta(days=1)
for one in people:
    who = {{"first_name": "A", "last_name": one.last_name, "email": one.email, "ticket": "capped"}}
    said = {{
        SESSION_KEY: str(one.pk), HASH_SESSION_KEY: one.get_session_auth_hash(),
        BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
        "registration:large": vars(Draft(people=[who], language="fr", nonce=one.email)),
    }}
    kept = store.encode(said)
    rows.append(Session(session_key=secrets.token_hex(16), session_data=kept, expire_date=later))
Session.objects.bulk_create(rows)
print(json.dumps([[row.session_key, one.email] for row, one in zip(rows, people)]))
"""
OUTCOME = """
import json
from django.db.models import Count
from registrations.models import CompanyShare, Registration, Ticket
ticket = Ticket.objects.get(slug="capped")
rows = Registration.objects.filter(ticket=ticket)
most = rows.order_by().values("member_of").annotate(places=Count("pk")).values_list("places", flat=True)
counted = sum(CompanyShare.objects.filter(ticket=ticket).values_list("taken", flat=True))
print(json.dumps([rows.count(), ticket.taken, counted, max(most)]))
"""
WHY = (
    "each attempt is a page, not a program’s call: it reads session, person, event and seat, prices the"
    " order for the page and in the act, locks the person (one place for each member) and writes the"
    " session once more; the order itself is one statement that counts the company’s share, then the"
    " place, and writes order, registration, key and task."
)


def figures(site: Site) -> Iterator[Figure]:
    """The rush, and what it left in the database."""
    tickets = json.loads(site.manage("shell", "-v0", "-c", PEOPLE_SIGNED_IN))
    attempts = [attempt(*one) for one in tickets]
    result = drive(site.port, attempts, connections=AT_ONCE, outcome=outcome)
    given, taken, counted, most = json.loads(site.manage("shell", "-v0", "-c", OUTCOME))
    name = "rush under a cap per company"
    yield Figure(f"{name}: places given of {PLACES}", given, "", at_least=PLACES, at_most=PLACES)
    wrong = abs(taken - given) + abs(counted - given)
    yield Figure(f"{name}: counters that differ from the rows", wrong, "", at_most=0)
    yield Figure(f"{name}: places of the company with most", most, "", at_most=CAP)
    errors = sum(n for status, n in result.statuses.items() if status not in (ORDERED, REFUSED))
    yield Figure(f"{name}: error pages", errors, "", at_most=0)
    yield Figure(f"{name}: orders until sold out", rate(result), "/s", at_least=600, why=WHY)
    yield Figure(f"{name}: p95 of all attempts", result.percentile(0.95), "ms")


def attempt(session: str, nonce: str) -> bytes:
    """The last screen's form of one member."""
    fields = {"language": "fr", "nonce": nonce, "shown": "0", "csrfmiddlewaretoken": TOKEN}
    headers = {
        "Cookie": f"sessionid={session}; csrftoken={TOKEN}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    path = "/events/large/register/check/"
    return request(path, method="POST", body=urlencode(fields).encode(), headers=headers)


def outcome(answer: bytes, status: int) -> int:
    """What became of it: led to the order, or back to the screens with a sentence."""
    if status != 302:
        return status
    return ORDERED if b"\nlocation: /orders/" in answer[:2000].lower() else REFUSED
