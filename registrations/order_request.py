"""The request for an order, the same from page, API, import and seed: plain data without a database."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from convention.text.normalize import normalize_whitespace


def normalize_code(text: str) -> str:
    """Return a voucher code as it is stored: in capitals, without blanks, with hyphens for dashes."""
    # Word processors and mail programs turn the hyphens of a code into dashes.
    return "".join(normalize_whitespace(text).upper().split()).replace("‐", "-").replace("–", "-")


MAX_PLACES_PER_ORDER = 50


@dataclass(frozen=True, kw_only=True)
class RequestedPlace:
    """A registration for one person; tickets and add-ons are slugs, answers are by question slug.

    `language` is that of e-mails to the attendee, "" for the order's. `is_to_follow` lets a company's contact
    name the person later.
    """

    ticket: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    company: str = ""
    language: str = ""
    no_photo: bool = False
    is_to_follow: bool = False
    addons: tuple[str, ...] = ()
    answers: Mapping[str, Any] = field(default_factory=dict)

    def normalize(self) -> "RequestedPlace":
        """Return the same with normalized whitespace."""
        return RequestedPlace(
            ticket=normalize_whitespace(self.ticket),
            first_name=normalize_whitespace(self.first_name),
            last_name=normalize_whitespace(self.last_name),
            email=normalize_whitespace(self.email),
            company=normalize_whitespace(self.company),
            language=self.language,
            no_photo=self.no_photo,
            is_to_follow=self.is_to_follow,
            addons=tuple(normalize_whitespace(slug) for slug in self.addons),
            # In one order, because `content_hash` is of the text of all fields.
            answers=dict(sorted(self.answers.items())),
        )


@dataclass(frozen=True, kw_only=True)
class BillingDetails:
    """Recipient of the invoice; `country` is an ISO 3166 code of two letters."""

    name: str = ""
    street: str = ""
    postcode: str = ""
    city: str = ""
    country: str = ""
    # SIREN or VAT number of a company.
    tax_number: str = ""

    def normalize(self) -> "BillingDetails":
        """Return the same with normalized whitespace."""
        return BillingDetails(**{name: normalize_whitespace(value) for name, value in asdict(self).items()})


@dataclass(frozen=True, kw_only=True)
class OrderRequest:
    """One or more registrations for one event, ordered at once.

    `expected_total`, in cents, and `currency` are optional: nothing is booked for another price.
    `notifies_attendees` sends badge and link to each attendee with an address of their own, too.
    """

    email: str
    places: tuple[RequestedPlace, ...]
    language: str = "fr"
    company: str = ""
    payment: str = "invoice"
    billing: BillingDetails = BillingDetails()
    purchase_order: str = ""
    currency: str = ""
    code: str = ""
    expected_total: int | None = None
    notifies_attendees: bool = False

    def normalize(self) -> "OrderRequest":
        """Return the same with normalized texts and code."""
        # Language, payment and currency are codes: another spelling is an error, which validation reports.
        return OrderRequest(
            email=normalize_whitespace(self.email),
            places=tuple(place.normalize() for place in self.places),
            language=self.language,
            company=normalize_whitespace(self.company),
            payment=self.payment,
            billing=self.billing.normalize(),
            purchase_order=normalize_whitespace(self.purchase_order),
            currency=self.currency,
            code=normalize_code(self.code),
            expected_total=self.expected_total,
            notifies_attendees=self.notifies_attendees,
        )

    @property
    def content_hash(self) -> str:
        """Return a SHA-256 of everything requested, to recognize a repeated request."""
        return hashlib.sha256(repr(self).encode()).hexdigest()
