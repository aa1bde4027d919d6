"""An organizer's list of registrations: searched, filtered, and as rows of a file."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convention.audit.models import Entry
from convention.bounces import bounced_among, has_bounced
from convention.downloads import Sheet
from convention.events.models import Event
from convention.text import tidy

from .answered import lacking
from .answers import asked, in_cell, told
from .models import Delivery, Question, Registration, RegistrationAddon, RegistrationQuerySet
from .questions import questions_of

ASKED = ("ticket", "addon", "voucher", "quota", "state", "company", "sort")
SORTS = {"name": ["sort_name", "pk"], "new": ["-created_at", "-pk"]}


@dataclass(frozen=True)
class Filter:
    """What an organizer looks for; empty fields filter nothing."""

    words: str = ""
    ticket: str = ""
    state: str = ""
    company: str = ""
    sort: str = ""
    addon: str = ""
    voucher: str = ""
    quota: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Filter":
        """Out of an address's query: q for the words, and what is `ASKED`."""
        asked = {name: tidy(query.get(name, "")[:300]) for name in ("q", *ASKED)}
        return cls(words=asked.pop("q"), **asked)

    def apply(self, event: Event) -> RegistrationQuerySet:
        """The registrations it leaves, in order."""
        rows: RegistrationQuerySet = Registration.objects.filter(event=event).matching(self.words)
        if self.ticket:
            rows = rows.filter(ticket__slug=self.ticket)
        if self.addon:
            chosen = RegistrationAddon.objects.filter(addon__slug=self.addon, cancelled_at__isnull=True)
            rows = rows.filter(pk__in=chosen.order_by().values("registration"))
        if self.voucher:
            rows = rows.filter(voucher__code=self.voucher)
        if self.quota:
            rows = rows.filter(ticket__quota__name=self.quota)
        if self.company:
            rows = rows.filter(company=self.company)
        if self.state == UNANSWERED:
            rows = rows.filter(pk__in=lacking(event, questions_of(event)))
        elif self.state in STATES:
            rows = rows.filter(STATES[self.state]())
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
    refused = Q(order__in=Delivery.objects.troubled().order_by().values("order"))
    return refused | (came_back() & Q(cancelled_at__isnull=True))


def came_back() -> Q:
    """Mail to their address, or to that of whoever ordered, came back after the mail server had taken it."""
    return has_bounced("email") | has_bounced("order__email")


UNDELIVERED = "undelivered"
UNANSWERED = "unanswered"
STATES = {
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
    "registration.answer": gettext_lazy("questions answered"),
    "badge.print": gettext_lazy("badge printed at the desk"),
    "registration.resend": gettext_lazy("mail sent again"),
    "registration.merge": gettext_lazy("merged with another registration"),
    "registration.set_apart": gettext_lazy("found to be no duplicate"),
    "seat.book": gettext_lazy("seat booked"),
    "seat.leave": gettext_lazy("seat given up"),
    "seat.swap": gettext_lazy("seat swapped"),
    "address.bounced": gettext_lazy("mail came back"),
    "address.right": gettext_lazy("address said to be right"),
    "order.renew_link": gettext_lazy("link replaced"),
    "order.verify": gettext_lazy("address confirmed by the mailed link"),
    "order.vouch": gettext_lazy("confirmed by an organizer"),
    "order.confirm": gettext_lazy("order confirmed"),
    "order.resend": gettext_lazy("link to confirm the order sent again"),
    "order.cancel": gettext_lazy("cancelled together with other orders"),
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
    """The mails of its order that concern it, newest first, and the one that needs attention, if any.

    `bounced` are those of its addresses that mail came back from.
    """
    mails = list(
        registration.order.deliveries.filter(Q(registration__isnull=True) | Q(registration=registration))
    )
    latest = {mail.stem: mail for mail in reversed(mails)}
    troubled = [mail for mail in latest.values() if mail.needs_attention]
    bounced = bounced_among([registration.email, registration.order.email])
    return {"mails": mails, "troubled": troubled[0] if troubled else None, "bounced": sorted(bounced)}


def answers_of(registration: Registration) -> dict[str, Any]:
    """What it answered, in words, the files among it, and whether anything is asked of it."""
    questions = questions_of(registration.event)
    return {
        "told": list(told(questions, registration.answers)),
        "files": list(registration.answer_files.defer("content")) if questions else [],
        "is_asked": bool(asked(questions, registration.ticket, registration.answers)),
    }


def header(questions: Sequence[Question] = ()) -> list[str]:
    """The headings of an exported list, which an import understands again; each question has its column."""
    return [
        _("Reference"),
        _("First name"),
        _("Last name"),
        _("E-mail"),
        _("Company"),
        _("Ticket"),
        _("Besides"),
        _("State"),
        _("Price"),
        _("Code"),
        _("Currency"),
        _("No photographs"),
        _("Order reference"),
        _("Purchase order"),
        _("Registered on"),
        *(question.title for question in questions),
    ]


def sheet_of(event: Event, registrations: RegistrationQuerySet) -> Sheet:
    """The list, to download."""
    questions = questions_of(event)
    return Sheet(_("Registrations"), header(questions), rows_of(registrations, questions))


def rows_of(registrations: RegistrationQuerySet, questions: Sequence[Question] = ()) -> Iterator[list[Any]]:
    """The cells of each registration, under `header`; tickets by their slugs, which an import knows again."""
    yes, no = _("yes"), _("no")
    for r in (
        registrations.select_related("ticket", "order", "event", "voucher")
        .prefetch_related("addons__addon")
        .iterator(2000)
    ):
        yield [
            r.reference,
            r.first_name,
            r.last_name,
            r.email,
            r.company,
            r.ticket.slug,
            ", ".join(chosen.addon.slug for chosen in r.besides),
            r.get_state_display(),
            Decimal(r.price + sum(chosen.price for chosen in r.besides)).scaleb(-2),
            r.voucher.code if r.voucher else "",
            r.order.currency,
            yes if r.no_photo else no,
            r.order.reference,
            r.order.purchase_order,
            r.created_at.astimezone(r.event.zone),
            *(in_cell(question, r.answers.get(question.slug)) for question in questions),
        ]
