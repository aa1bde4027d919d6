"""A half-filled registration, field by field as it was typed, until it is booked (`draft_store` keeps it)."""

import secrets
from dataclasses import dataclass, field
from typing import Any

from .checks import MOST_PLACES
from .models import Order
from .order_request import Billing, OrderRequest, Place

PERSON = ("first_name", "last_name", "email", "company")
BILLING = ("billing_name", "billing_street", "billing_postcode", "billing_city", "billing_country")


@dataclass
class Draft:
    """What was typed so far, right or wrong; `nonce` makes a double click book once."""

    people: list[dict[str, Any]] = field(default_factory=lambda: [{}])
    contact: str = ""
    language: str = ""
    code: str = ""
    payment: str = ""
    billing: dict[str, str] = field(default_factory=dict)
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(24))

    @property
    def email(self) -> str:
        """Who gets the confirmation: the contact, else the first person with an address."""
        return self.contact or next((p["email"] for p in self.people if p.get("email")), "")

    def add_person(self) -> None:
        """One more empty form, the company already filled in."""
        if len(self.people) < MOST_PLACES:
            self.people.append({"company": self.people[-1].get("company", "")})

    def remove_person(self, index: int) -> None:
        """Drop one person, never the last."""
        if len(self.people) > 1 and 0 <= index < len(self.people):
            del self.people[index]

    def request(self, language: str) -> OrderRequest:
        """What is asked for, once all is filled."""
        return OrderRequest(
            email=self.email,
            language=self.language or language,
            company=self.people[0].get("company", "")[:200],
            billing=Billing(
                **{name.removeprefix("billing_"): self.billing.get(name, "") for name in BILLING}
            ),
            purchase_order=self.billing.get("purchase_order", ""),
            payment=self.payment or Order.Payment.INVOICE,
            code=self.code,
            places=tuple(_place(person) for person in self.people),
        )


def _place(person: dict[str, Any]) -> Place:
    words: dict[str, Any] = {name: str(person.get(name) or "") for name in PERSON}
    flags: dict[str, Any] = {name: bool(person.get(name)) for name in ("no_photo", "is_to_follow")}
    return Place(
        ticket=str(person.get("ticket") or ""),
        addons=tuple(person.get("addons") or ()),
        answers=person.get("answers") or {},
        **flags,
        **words,
    )
