"""Where the histories play: an event whose every counter can run out, and two companies of members."""

import itertools
import random
from collections.abc import Callable
from typing import Any

from convention.club.models import Membership, Person
from convention.errors import ConventionError
from registrations.models import Order, Quota, RefundRule
from registrations.order_request import BillingDetails, OrderRequest, RequestedPlace
from tests.factories import (
    make_addon,
    make_company,
    make_event,
    make_member,
    make_ticket,
    make_voucher,
    verify_address,
)
from tests.registrations.invoices.factories import make_issuer
from tests.registrations.payments.conftest import deliver_event
from tests.registrations.sponsors.factories import make_package
from tests.stripe_standin import StandIn

PAYMENTS = ("card", "card", "invoice")
MAX_AMOUNT_CENTS = 15_000
"""Cents of what a chance decides."""
BILLING = BillingDetails(name="Acme", street="1 rue", postcode="35000", city="Rennes", country="FR")


def register_step[Step: Callable[..., None]](function: Step) -> Step:
    """Register a method as a step that a history may take; it gets the dice."""
    vars(function)["is_step"] = True
    return function


def register_frequent_step[Step: Callable[..., None]](function: Step) -> Step:
    """Register a method as a step that is three times as likely."""
    vars(function)["weight"] = 3
    return register_step(function)


class Stage:
    """What there is when a history begins; the steps are in the classes beside it."""

    def __init__(self, project: Any) -> None:
        self.project = project
        self.numbers = itertools.count(1)
        self.standin = StandIn()
        self.standin.__enter__()
        self.standin.post.carry = deliver_event
        self.project.STRIPE_SECRET_KEY = self.standin.key
        self.project.STRIPE_WEBHOOK_SECRET = self.standin.post.secret
        self.project.STRIPE_API_BASE = self.standin.url
        make_issuer()
        self.event = make_event()
        self.offers_tickets()
        self.people: list[Person] = []
        for company in (make_company(), make_company()):
            self.people += [verify_address(make_member(company)) for _one in range(3)]
        Membership.objects.update(passes=1)

    def offers_tickets(self) -> None:
        """Three tickets that share a room, a dinner, a code, and a package with a place."""
        room = Quota.objects.create(event=self.event, name="Salle", capacity=6)
        self.guest = make_ticket(self.event, price=12_000, capacity=3, quota=room)
        vendor = make_ticket(self.event, slug="vendor", price=8_000, quota=room)
        RefundRule.objects.create(event=self.event, ticket=vendor, days_before=1, refund_percent=60)
        members = {"audience": "member", "uses_pass": True, "company_cap": 2}
        make_ticket(self.event, slug="member", price=20_000, capacity=4, quota=room, **members)
        make_addon(self.event, capacity=2, vat_rate=1000)
        make_voucher(self.event, capacity=2)
        self.package = make_package(self.event, self.guest, passes=1, capacity=2)

    def list_steps(self) -> list[Callable[[random.Random], None]]:
        """All that may happen, each as often as it is likely."""
        named = (getattr(self, name) for name in sorted(dir(self)))
        return [one for one in named if hasattr(one, "is_step") for _each in range(getattr(one, "weight", 1))]

    def try_to(self, action: Any) -> None:
        """Do it, or be told by a sentence why not."""
        try:
            action()
        except ConventionError:
            return

    def any_of(self, rows: Any, chances: random.Random) -> Any:
        """One of these rows; None where there is none."""
        keys = list(rows.order_by("pk").values_list("pk", flat=True))
        return rows.get(pk=chances.choice(keys)) if keys else None

    def any_order(self, chances: random.Random) -> Order:
        return self.any_of(Order.objects.select_related("event"), chances)

    def stranger(self, ticket: str, **fields: Any) -> RequestedPlace:
        number = next(self.numbers)
        names = {"first_name": "Zoé", "last_name": f"Müller {number}", "email": f"zoe{number}@example.org"}
        return RequestedPlace(ticket=ticket, **{**names, **fields})

    def asked(self, *places: RequestedPlace, **fields: Any) -> OrderRequest:
        """An order for these places, billed to a company."""
        buyer = {"email": f"buyer{next(self.numbers)}@example.org", "billing": BILLING}
        return OrderRequest(places=places, **{**buyer, **fields})


def place_of(person: Person, **fields: Any) -> RequestedPlace:
    """A member's place in that person's own name."""
    names = {"first_name": person.first_name, "last_name": person.last_name, "email": str(person.email)}
    return RequestedPlace(ticket="member", **names, **fields)
