"""Drafts of registrations: a row each, found by a token in the visitor's session, up to a ceiling."""

import datetime
import json
import secrets
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from django.contrib.sessions.backends.base import SessionBase
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.errors import ConventionError
from convention.events.models import Event
from convention.text.address_suggestions import suggest_address
from convention.text.email_addresses import normalize_email
from registrations.invoices.models import Quotation
from registrations.models import Order, RegistrationDraft
from registrations.order_request import MAX_PLACES_PER_ORDER, BillingDetails, OrderRequest, RequestedPlace
from registrations.questions.storage_use import DRAFTS_SETTING, StorageUse
from registrations.quotations.lookup import make_quoted_billing
from registrations.rate_limits import throttle_draft

PERSON_FIELDS = ("first_name", "last_name", "email", "company", "language")

BILLING_FIELDS = (
    "billing_name", "billing_street", "billing_postcode", "billing_city", "billing_country",
    "billing_tax_number",
)  # fmt: skip


@dataclass
class DraftContent:
    """Everything typed so far, valid or not; `nonce` makes a double click book once.

    `previous_order` is the reference of the order from whose page the draft was started;
    `accepted_duplicates` are those of registrations whose attendees a company's contact registers again, or
    names with addresses that a buyer entered twice on purpose;
    `quotation` is the number of the quotation that was made of the draft, or that filled it.
    """

    people: list[dict[str, Any]] = field(default_factory=lambda: [{}])
    contact: str = ""
    language: str = ""
    code: str = ""
    payment: str = ""
    billing: dict[str, str] = field(default_factory=dict)
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    previous_order: str = ""
    accepted_duplicates: list[str] = field(default_factory=list)
    quotation: str = ""
    notifies_attendees: bool = False

    @property
    def email(self) -> str:
        """Return the address for the confirmation: the contact's, else the first one given."""
        return self.contact or next((p["email"] for p in self.people if p.get("email")), "")

    @property
    def other_addresses(self) -> list[str]:
        """Return the attendees' addresses that are not the one for the confirmation, each once."""
        addresses = {normalize_email(str(person.get("email") or "").strip()) for person in self.people}
        return sorted(addresses - {"", normalize_email(self.email)})

    def list_address_hints(self) -> list[tuple[str, str]]:
        """Return each address that looks mistyped, with the one that was probably meant."""
        addresses = [self.contact, *(str(person.get("email") or "") for person in self.people)]
        # Each once: the buyer's may be an attendee's, too.
        suggestions = [(typed, suggest_address(typed)) for typed in dict.fromkeys(map(str.strip, addresses))]
        return [(typed, suggestion) for typed, suggestion in suggestions if suggestion]

    def correct_address(self, address: str) -> None:
        """Replace a mistyped address, wherever it was entered, by the one that was probably meant."""
        typed, suggestion = address.strip(), suggest_address(address)
        if not suggestion:
            return
        self.contact = suggestion if self.contact.strip() == typed else self.contact
        for person in self.people:
            if str(person.get("email") or "").strip() == typed:
                person["email"] = suggestion

    def add_person(self) -> None:
        """Add a person with the company of the last one, up to the limit of an order."""
        if len(self.people) < MAX_PLACES_PER_ORDER:
            self.people.append({"company": self.people[-1].get("company", "")})

    def remove_person(self, index: int) -> None:
        """Remove a person, never the last one."""
        if len(self.people) > 1 and 0 <= index < len(self.people):
            del self.people[index]

    def build_order_request(self, language: str) -> OrderRequest:
        """Return the request for an order; `language` is used if none was chosen."""
        return OrderRequest(
            email=self.email,
            language=self.language or language,
            # The order's column is shorter than an attendee's.
            company=(self.people[0].get("company", "") if self.people else "")[:200],
            billing=BillingDetails(
                **{name.removeprefix("billing_"): self.billing.get(name, "") for name in BILLING_FIELDS}
            ),
            purchase_order=self.billing.get("purchase_order", ""),
            payment=self.payment or Order.Payment.INVOICE,
            code=self.code,
            # An address may have been removed after the box was ticked.
            notifies_attendees=self.notifies_attendees and bool(self.other_addresses),
            places=tuple(_build_place(person) for person in self.people),
        )


def _build_place(person: dict[str, Any]) -> RequestedPlace:
    words: dict[str, Any] = {name: str(person.get(name) or "") for name in PERSON_FIELDS}
    flags: dict[str, Any] = {name: bool(person.get(name)) for name in ("no_photo", "is_to_follow")}
    return RequestedPlace(
        ticket=str(person.get("ticket") or ""),
        addons=tuple(person.get("addons") or ()),
        answers=person.get("answers") or {},
        **flags,
        **words,
    )


# A draft changed within this time is never deleted to free space: its visitor is still typing.
RECENT_DRAFT_PERIOD: Final = datetime.timedelta(hours=1)
# More than one, or every new draft would need another deletion.
REMOVAL_BATCH_SIZE: Final = 500
# Fifty people who answer several long questions each need half of it.
MAX_DRAFT_BYTES: Final = 256 * 1024
# Drafts above it are checked with each change, smaller ones only when they are new.
LARGE_DRAFT_BYTES: Final = 16 * 1024


class DraftTooLarge(ConventionError):
    """More was typed than `MAX_DRAFT_BYTES`."""

    kind = "too-large"
    status = 413


class DraftStorageFull(ConventionError):
    """No more drafts can be stored, for this event or in all."""

    kind = "storage-full"
    status = 507


def load_draft(session: SessionBase, name: str) -> DraftContent:
    """Return the draft of that name, a new one if none is stored."""
    token = session.get(_make_session_key(name))
    rows = RegistrationDraft.objects.filter(token=token)
    content = rows.values_list("content", flat=True).first() if token else None
    return DraftContent(**json.loads(content)) if content else DraftContent()


def save_draft(session: SessionBase, name: str, draft: DraftContent, *, event: Event, network: str) -> None:
    """Save the draft under that name; `network` is the client's.

    Raise DraftTooLarge, DraftStorageFull, and TooManyRequests if one network creates very many.
    """
    # Unescaped, so that an erasure can find names with accents in it.
    content = json.dumps(asdict(draft), ensure_ascii=False)
    if len(content) > MAX_DRAFT_BYTES:
        raise DraftTooLarge(
            _(
                "This is too much for one registration. Shorten the answers, or register people in "
                "several orders."
            )
        )
    if len(content) > LARGE_DRAFT_BYTES:
        free_draft_space(event, len(content))
        throttle_draft(network, size=len(content))
    values = {"content": content, "size": len(content), "changed_at": timezone.now()}
    # A row that was deleted meanwhile is created again, with another token.
    token = session.get(_make_session_key(name))
    stored_draft = RegistrationDraft.objects.filter(token=token, event=event) if token else None
    if stored_draft is None or not stored_draft.update(**values):
        throttle_draft(network)
        free_draft_space(event, len(content))
        new_draft = RegistrationDraft.objects.create(event=event, token=secrets.token_urlsafe(32), **values)
        session[_make_session_key(name)] = new_draft.token


def delete_draft(session: SessionBase, name: str) -> None:
    """Delete the draft, once it is booked."""
    token = session.get(_make_session_key(name))
    RegistrationDraft.objects.filter(token=token).delete()


def free_draft_space(event: Event, size: int) -> None:
    """Delete the oldest drafts if one more of that size does not fit. Raise DraftStorageFull."""
    all_drafts = RegistrationDraft.objects.all()
    # First the event's own ceiling, so that a flood at one event leaves the others their space.
    for rows, kind in (
        (all_drafts.filter(event=event), f"{DRAFTS_SETTING}_EVENT"),
        (all_drafts, DRAFTS_SETTING),
    ):
        ceiling = StorageUse.load_ceiling(kind)
        if StorageUse.measure_rows(rows).has_space(size, ceiling):
            continue
        old = rows.filter(changed_at__lt=timezone.now() - RECENT_DRAFT_PERIOD).order_by("changed_at")
        all_drafts.filter(pk__in=list(old.values_list("pk", flat=True)[:REMOVAL_BATCH_SIZE])).delete()
        if not StorageUse.measure_rows(rows).has_space(size, ceiling):
            raise DraftStorageFull(
                _(
                    "We are receiving a very large number of registrations at the moment. Try again in "
                    "an hour."
                )
            )


def delete_old_drafts(before: datetime.datetime) -> int:
    """Delete drafts last changed before that moment; return how many."""
    return RegistrationDraft.objects.filter(changed_at__lt=before).delete()[0]


def _make_session_key(name: str) -> str:
    return f"registration:{name}"


def build_quoted_draft(quotation: Quotation, people: list[dict[str, Any]]) -> DraftContent:
    """Return a draft of these people with the quotation's code and buyer."""
    return DraftContent(
        people=people,
        code=quotation.details.get("voucher_code", ""),
        contact=quotation.buyer.get("email", ""),
        billing=make_quoted_billing(quotation),
        quotation=quotation.number,
    )
