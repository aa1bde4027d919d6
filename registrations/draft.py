"""A half-filled registration, kept in the visitor's session field by field until it is booked."""

import datetime
import secrets
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.utils import timezone

from convention.accounts.session_store import SessionStore

from .checks import MOST_PLACES
from .models import Order
from .order_request import Billing, OrderRequest, Place

PERSON = ("first_name", "last_name", "email", "company")
PREFIX: Final = "registration:"
"""What a draft's key in the session begins with; the event's slug follows."""
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
    saved_at: str = ""
    """When something was typed last, in ISO 8601: an old draft is removed, however long its session lasts."""

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


def load(session: SessionBase, event_slug: str) -> Draft:
    """The draft for an event, a new one where none is kept."""
    kept = session.get(_key(event_slug))
    return Draft(**kept) if kept else Draft()


def save(session: SessionBase, event_slug: str, draft: Draft) -> None:
    """Keep it."""
    draft.saved_at = timezone.now().isoformat()
    session[_key(event_slug)] = asdict(draft)


def forget(session: SessionBase, event_slug: str) -> None:
    """It is booked."""
    session.pop(_key(event_slug), None)


def _key(event_slug: str) -> str:
    return f"{PREFIX}{event_slug}"


def remove_old_drafts(before: datetime.datetime) -> int:
    """Remove from all sessions the drafts in which nothing was typed since then; how many."""
    store, removed = SessionStore(), 0
    for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator(chunk_size=1000):
        data = store.decode(session.session_data)
        remaining = {key: value for key, value in data.items() if not _is_older(key, value, before)}
        if len(remaining) < len(data):
            removed += len(data) - len(remaining)
            Session.objects.filter(pk=session.pk).update(session_data=store.encode(remaining))
    return removed


def _is_older(key: str, value: Any, before: datetime.datetime) -> bool:
    saved_at: str = value.get("saved_at", "") if key.startswith(PREFIX) else ""
    return bool(saved_at) and datetime.datetime.fromisoformat(saved_at) < before
