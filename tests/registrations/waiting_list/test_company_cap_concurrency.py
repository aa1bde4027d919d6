"""Concurrent use of a members' waiting list with a cap per company exceeds no limit."""

import datetime
import random
from collections import Counter

import pytest
from django.utils import timezone

from convention.club.models import Person
from convention.errors import ConventionError
from registrations.booking.accept_offer import accept_ticket_offer
from registrations.booking.join_waiting_list import WaitingRequest, join_ticket_list
from registrations.booking.place_order import place_order
from registrations.changes.cancel import cancel_registration
from registrations.models import CompanyShare, Registration, Ticket, WaitingEntry
from registrations.order_context import OrderContext
from registrations.order_request import OrderRequest, RequestedPlace
from registrations.waiting_list.end_waiting import decline_offer, expire_offer
from registrations.waiting_list.organizer_actions import pause_waiting_entry, resume_waiting_entry
from registrations.waiting_list.periodic import process_waiting_lists
from tests.factories import make_company, make_event, make_member, make_ticket
from tests.threads import run_in_threads

pytestmark = pytest.mark.django_db(transaction=True)
COMPANIES, COLLEAGUES, CAPACITY, CAP, ROUNDS = 4, 6, 6, 2, 100


def join_list(ticket: Ticket, person: Person) -> WaitingEntry:
    wish = WaitingRequest(first_name=person.first_name, last_name=person.last_name, email=person.email)
    return join_ticket_list(ticket=ticket, request=wish)


def book(ticket: Ticket, person: Person) -> None:
    """Order a place as a signed-in member."""
    place = RequestedPlace(
        ticket=ticket.slug, first_name=person.first_name, last_name=person.last_name, email=person.email
    )
    request = OrderRequest(email=person.email, places=(place,))
    place_order(event=ticket.event, request=request, context=OrderContext(person=person))


def do_random_action(ticket: Ticket, people: list[Person], number: int) -> None:
    """Run one possible action, chosen at random with the seed `number`."""
    dice = random.Random(number)
    confirmed = Registration.objects.confirmed().filter(ticket=ticket).order_by("?").first()
    offered = WaitingEntry.objects.with_offer().order_by("?").first()
    standing = WaitingEntry.objects.active().order_by("?").first()
    actions = {
        "cancel": confirmed and (lambda: cancel_registration(registration=confirmed)),
        "accept": offered and (lambda: accept_ticket_offer(entry=offered)),
        "decline": offered and (lambda: decline_offer(entry=offered)),
        "lapse": offered
        and (lambda: expire_offer(entry=offered, at=timezone.now() + datetime.timedelta(days=90))),
        "hold back": standing and (lambda: pause_waiting_entry(entry=standing)),
        "let on": standing and (lambda: resume_waiting_entry(entry=standing)),
        "serve": process_waiting_lists,
        "join": lambda: join_list(ticket, dice.choice(people)),
        "book": lambda: book(ticket, dice.choice(people)),
    }
    names = ["cancel", "cancel", "accept", "accept", "decline", "lapse", "hold back", "let on", "serve"]
    if action := actions[dice.choice([*names, "join", "join", "book", "book"])]:
        action()


@pytest.mark.postgresql
@pytest.mark.parametrize(
    "seed", [1, pytest.param(2, marks=pytest.mark.long), pytest.param(3, marks=pytest.mark.soak)]
)
def test_concurrent_actions_exceed_no_limit_and_leave_no_free_place_unused(seed):
    ticket = make_ticket(make_event(), slug="member", audience="member", capacity=CAPACITY, company_cap=CAP)
    companies = [make_company() for _number in range(COMPANIES)]
    people = [make_member(company) for company in companies for _number in range(COLLEAGUES)]
    for person in people[:: COLLEAGUES // 2]:
        book_if_free(ticket, person)
    for person in people:
        run_ignoring_refusals(lambda person=person: join_list(ticket, person))

    results = run_in_threads(
        [lambda n=n: do_random_action(ticket, people, seed * 10_000 + n) for n in range(ROUNDS)], threads=8
    )

    faults = [r for r in results if isinstance(r, Exception) and not isinstance(r, ConventionError)]
    assert faults == []
    assert_limits_hold(ticket)
    for entry in WaitingEntry.objects.active().filter(held_back_at__isnull=False):
        resume_waiting_entry(entry=entry)
    process_waiting_lists()
    assert_limits_hold(ticket)
    ticket.refresh_from_db()
    if ticket.reserved < CAPACITY:  # only members who cannot be offered a place may still be on the list
        reasons = set(WaitingEntry.objects.awaiting_offer().values_list("skip_reason", flat=True))
        assert reasons <= {"company_full", "has_place"}


def book_if_free(ticket: Ticket, person: Person) -> None:
    run_ignoring_refusals(lambda: book(ticket, person))


def run_ignoring_refusals(action) -> None:
    """Run `action`; refusals by the application are accepted."""
    try:
        action()
    except ConventionError:
        return


def assert_limits_hold(ticket: Ticket) -> None:
    """Assert that counters match the rows and that no limit is exceeded."""
    ticket.refresh_from_db()
    confirmed = list(Registration.objects.confirmed().filter(ticket=ticket))
    offers = list(WaitingEntry.objects.with_offer().filter(ticket=ticket))
    assert ticket.reserved == len(confirmed) + len(offers) <= CAPACITY
    by_company = Counter(one.member_of_id for one in confirmed)
    assert max(by_company.values(), default=0) <= CAP
    shares = dict(CompanyShare.objects.filter(ticket=ticket).values_list("company", "reserved"))
    assert {company: taken for company, taken in shares.items() if taken} == dict(by_company)
    assert max(Counter(one.person_id for one in confirmed).values(), default=0) <= 1
    orders = [entry.order_id for entry in WaitingEntry.objects.filter(accepted_at__isnull=False)]
    assert len(orders) == len(set(orders))
