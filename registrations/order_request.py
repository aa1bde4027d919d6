"""What someone asks for when registering: plain data, the same from page, API, file and seed."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from convention.text import tidy


def code_typed(text: str) -> str:
    """A code as it is kept: in capitals, without blanks, any dash a hyphen."""
    return "".join(tidy(text).upper().split()).replace("‐", "-").replace("–", "-")


@dataclass(frozen=True, kw_only=True)
class Place:
    """One place for one person; `ticket` is the ticket's slug, `addons` are those of what goes with it.

    `answers` are by the questions' slugs. A company's contact may name them later.
    """

    ticket: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    company: str = ""
    no_photo: bool = False
    is_to_follow: bool = False
    addons: tuple[str, ...] = ()
    answers: Mapping[str, Any] = field(default_factory=dict)

    def tidied(self) -> "Place":
        """The same with clean text."""
        return Place(
            ticket=tidy(self.ticket),
            first_name=tidy(self.first_name),
            last_name=tidy(self.last_name),
            email=tidy(self.email),
            company=tidy(self.company),
            no_photo=self.no_photo,
            is_to_follow=self.is_to_follow,
            addons=tuple(tidy(slug) for slug in self.addons),
            answers=dict(sorted(self.answers.items())),
        )


@dataclass(frozen=True, kw_only=True)
class Billing:
    """Whom the invoice goes to; `country` is an ISO 3166 code of two letters."""

    name: str = ""
    street: str = ""
    postcode: str = ""
    city: str = ""
    country: str = ""

    def tidied(self) -> "Billing":
        """The same with clean text."""
        return Billing(**{name: tidy(value) for name, value in asdict(self).items()})


@dataclass(frozen=True, kw_only=True)
class OrderRequest:
    """One or more places for one event, asked for at once; `code` may lower the price or open a ticket.

    `currency` and `expected_total`, in cents, may say what is expected: nothing is booked for another price.
    """

    email: str
    places: tuple[Place, ...]
    language: str = "fr"
    company: str = ""
    payment: str = "invoice"
    billing: Billing = Billing()
    purchase_order: str = ""
    currency: str = ""
    code: str = ""
    expected_total: int | None = None

    def tidied(self) -> "OrderRequest":
        """The same with clean text."""
        return OrderRequest(
            email=tidy(self.email),
            places=tuple(place.tidied() for place in self.places),
            language=self.language,
            company=tidy(self.company),
            payment=self.payment,
            billing=self.billing.tidied(),
            purchase_order=tidy(self.purchase_order),
            currency=self.currency,
            code=code_typed(self.code),
            expected_total=self.expected_total,
        )

    @property
    def content_hash(self) -> str:
        """SHA-256 of all that is asked, to tell a repeated request from another one."""
        return hashlib.sha256(repr(self).encode()).hexdigest()
