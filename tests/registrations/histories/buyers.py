"""What people do: they order, prove, wait, take offers, give places to others, and cancel."""

import random
from typing import Any

from django.utils import timezone

from convention.club.models import Person
from convention.club.permissions import get_member_company
from registrations.booking.accept_offer import accept_ticket_offer
from registrations.booking.join_waiting_list import WaitingRequest, join_ticket_list
from registrations.booking.place_order import place_order
from registrations.booking.verification import verify_address, verify_membership, vouch_for_order
from registrations.changes.substitute import substitute_attendee
from registrations.company.booking import book_for_company
from registrations.models import Order, Registration, Ticket, WaitingEntry
from registrations.order_context import OrderContext
from registrations.sponsors.sponsorships import take_package
from registrations.waiting_list.end_waiting import decline_offer, leave_waiting_list
from registrations.waiting_list.periodic import process_waiting_lists
from tests.registrations.histories.base import PAYMENTS, place_of, register_frequent_step, register_step
from tests.registrations.sponsors.factories import make_sponsor_request

DINNERS = ((), (), ("dinner",))


class Buyers:
    """Acts of those who want to come, mixed into the machine."""

    def orders(self, *places: Any, person: Person | None = None, **fields: Any) -> None:
        request = self.asked(*places, **fields)
        self.try_to(
            lambda: place_order(event=self.event, request=request, context=OrderContext(person=person))
        )

    @register_frequent_step
    def someone_orders(self, chances: random.Random) -> None:
        dinner, code = chances.choice(DINNERS), chances.choice(["", "", "HALF"])
        tickets = chances.choices(["guest", "guest", "vendor"], k=chances.randint(1, 2))
        places = [self.stranger(ticket, addons=dinner) for ticket in tickets]
        self.orders(*places, code=code, payment=chances.choice(PAYMENTS))

    @register_frequent_step
    def a_member_comes(self, chances: random.Random) -> None:
        person, code = chances.choice(self.people), chances.choice(["", "HALF"])
        place = place_of(person, addons=chances.choice(DINNERS))
        self.orders(place, payment=chances.choice(PAYMENTS), code=code, person=person)

    @register_step
    def a_member_comes_whom_nobody_knows_yet(self, chances: random.Random) -> None:
        places = [place_of(chances.choice(self.people)), self.stranger("vendor")]
        self.orders(*places[: chances.randint(1, 2)], payment=chances.choice(PAYMENTS))

    @register_step
    def a_member_opens_the_link(self, chances: random.Random) -> None:
        waiting = Registration.objects.filter(person=None, confirmed_at=None, ticket__slug="member")
        if found := self.any_of(waiting, chances):
            self.try_to(lambda: verify_membership(registration=found))

    @register_frequent_step
    def a_buyer_opens_the_link(self, chances: random.Random) -> None:
        if order := self.any_of(Order.objects.filter(needs_verification=True), chances):
            self.try_to(lambda: verify_address(order=order, address=order.email))

    @register_step
    def an_organizer_confirms_an_order(self, chances: random.Random) -> None:
        if order := self.any_of(Order.objects.unverified(), chances):
            self.try_to(lambda: vouch_for_order(order=order))

    @register_step
    def a_contact_registers_colleagues(self, chances: random.Random) -> None:
        contact = chances.choice(self.people)
        company = get_member_company(contact)
        colleagues = [person for person in self.people if get_member_company(person) == company]
        chosen = [place_of(one) for one in chances.sample(colleagues, chances.randint(1, 2))]
        request = self.asked(*chosen, self.stranger("vendor"), payment=chances.choice(PAYMENTS))
        key = f"contact:{next(self.numbers)}"
        self.try_to(
            lambda: book_for_company(
                event=self.event,
                company=company,
                contact_person=contact,
                request=request,
                idempotency_key=key,
            )
        )

    @register_step
    def somebody_else_comes(self, chances: random.Random) -> None:
        by = place_of(chances.choice(self.people)) if chances.random() < 0.5 else self.stranger("guest")
        if found := self.any_of(Registration.objects.filter(cancelled_at=None), chances):
            self.try_to(lambda: substitute_attendee(registration=found, new_attendee=by))

    @register_step
    def a_sponsor_takes_a_package(self, chances: random.Random) -> None:
        self.package.refresh_from_db()
        key, sponsor = f"sponsor:{next(self.numbers)}", make_sponsor_request(payment=chances.choice(PAYMENTS))
        self.try_to(lambda: take_package(package=self.package, sponsor_request=sponsor, idempotency_key=key))

    @register_frequent_step
    def someone_waits(self, chances: random.Random) -> None:
        ticket = self.any_of(Ticket.objects.filter(event=self.event), chances)
        member = place_of(chances.choice(self.people))
        place = member if ticket.slug == "member" else self.stranger(ticket.slug)
        names = {name: getattr(place, name) for name in ("first_name", "last_name", "email")}
        self.try_to(lambda: join_ticket_list(ticket=ticket, request=WaitingRequest(**names)))

    @register_frequent_step
    def an_offer_is_taken(self, chances: random.Random) -> None:
        payment = chances.choice(PAYMENTS)
        if entry := self.any_of(WaitingEntry.objects.with_offer(), chances):
            self.try_to(lambda: accept_ticket_offer(entry=entry, payment=payment))

    @register_step
    def nobody_waits_for_ever(self, chances: random.Random) -> None:
        ends = chances.choice([decline_offer, leave_waiting_list])
        if entry := self.any_of(WaitingEntry.objects.active(), chances):
            self.try_to(lambda: ends(entry=entry))

    @register_step
    def offers_run_out(self, _chances: random.Random) -> None:
        WaitingEntry.objects.with_offer().update(offer_expires_at=timezone.now())
        process_waiting_lists()
