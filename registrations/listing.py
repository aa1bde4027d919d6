"""An organizer's list of registrations: searched, filtered, and as rows of a file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convention.audit.models import Entry
from convention.events.models import Event
from convention.tables import write_csv, write_xlsx
from convention.text import tidy

from .models import Delivery, Registration, RegistrationQuerySet

ASKED = ("ticket", "state", "company", "sort")
SORTS = {"name": ["sort_name", "pk"], "new": ["-created_at", "-pk"]}


@dataclass(frozen=True)
class Filter:
    """What an organizer looks for; empty fields filter nothing."""

    words: str = ""
    ticket: str = ""
    state: str = ""
    company: str = ""
    sort: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Filter":
        """Out of an address's query: q, ticket, state, company and sort."""
        asked = {
            name: tidy(query.get(name, "")[:300]) for name in ("q", "ticket", "state", "company", "sort")
        }
        return cls(words=asked.pop("q"), **asked)

    def apply(self, event: Event) -> RegistrationQuerySet:
        """The registrations it leaves, in order."""
        rows: RegistrationQuerySet = Registration.objects.filter(event=event).matching(self.words)
        if self.ticket:
            rows = rows.filter(ticket__slug=self.ticket)
        if self.company:
            rows = rows.filter(company=self.company)
        if self.state in _STATES:
            rows = rows.filter(_STATES[self.state]())
        return rows.order_by(*SORTS.get(self.sort, SORTS["name"]))


def _confirmed() -> Q:
    return Q(confirmed_at__isnull=False, cancelled_at__isnull=True)


def _pending() -> Q:
    return Q(confirmed_at__isnull=True, cancelled_at__isnull=True, held_until__gt=timezone.now())


def _cancelled() -> Q:
    return Q(cancelled_at__isnull=False)


def _expired() -> Q:
    return Q(confirmed_at__isnull=True, cancelled_at__isnull=True) & ~Q(held_until__gt=timezone.now())


def _undelivered() -> Q:
    return Q(order__in=Delivery.objects.troubled().order_by().values("order"))


UNDELIVERED = "undelivered"
_STATES = {
    UNDELIVERED: _undelivered,
    Registration.State.CONFIRMED.value: _confirmed,
    Registration.State.PENDING.value: _pending,
    Registration.State.CANCELLED.value: _cancelled,
    Registration.State.EXPIRED.value: _expired,
}


ACTS = {
    "registration.cancel": gettext_lazy("cancelled"),
    "registration.correct": gettext_lazy("corrected"),
    "registration.transfer": gettext_lazy("given to someone else"),
    "registration.substitute": gettext_lazy("given to a colleague"),
    "registration.complete": gettext_lazy("details completed by the holder"),
    "registration.prove": gettext_lazy("confirmed by the mailed link"),
    "registration.receive": gettext_lazy("registered at the desk"),
    "registration.resend": gettext_lazy("mail sent again"),
    "order.renew_link": gettext_lazy("link replaced"),
    "order.book_for_company": gettext_lazy("ordered by the company’s contact"),
}


def history_of(registration: Registration) -> list[tuple[Any, Entry]]:
    """What was done to a registration, newest first, each act in words."""
    subjects = [
        f"registrations.registration:{registration.pk}",
        f"registrations.order:{registration.order_id}",
    ]
    entries = Entry.objects.filter(subject__in=subjects).select_related("actor")
    return [(ACTS.get(entry.verb, entry.verb), entry) for entry in entries]


def mails_of(registration: Registration) -> dict[str, Any]:
    """The mails of its order that concern it, newest first, and the one that needs attention, if any."""
    mails = list(
        registration.order.deliveries.filter(Q(registration__isnull=True) | Q(registration=registration))
    )
    latest = {mail.stem: mail for mail in reversed(mails)}
    troubled = [mail for mail in latest.values() if mail.needs_attention]
    return {"mails": mails, "troubled": troubled[0] if troubled else None}


def header() -> list[str]:
    """The headings of an exported list, which an import understands again."""
    return [
        _("Reference"),
        _("First name"),
        _("Last name"),
        _("E-mail"),
        _("Company"),
        _("Ticket"),
        _("State"),
        _("Price"),
        _("Currency"),
        _("No photographs"),
        _("Order reference"),
        _("Purchase order"),
        _("Registered on"),
    ]


def to_csv(registrations: RegistrationQuerySet) -> bytes:
    """The list as a text for programs and spreadsheets."""
    return write_csv(header(), rows_of(registrations))


def to_xlsx(registrations: RegistrationQuerySet) -> bytes:
    """The list as a workbook."""
    return write_xlsx(header(), rows_of(registrations), title=_("Registrations"))


def rows_of(registrations: RegistrationQuerySet) -> Iterator[list[Any]]:
    """The cells of each registration, under `header`; tickets by their slugs, which an import knows again."""
    yes, no = _("yes"), _("no")
    for r in registrations.select_related("ticket", "order", "event").iterator(2000):
        yield [
            r.reference,
            r.first_name,
            r.last_name,
            r.email,
            r.company,
            r.ticket.slug,
            r.get_state_display(),
            Decimal(r.price).scaleb(-2),
            r.order.currency,
            yes if r.no_photo else no,
            r.order.reference,
            r.order.purchase_order,
            r.created_at.astimezone(r.event.zone),
        ]
