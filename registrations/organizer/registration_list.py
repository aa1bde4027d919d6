"""The organizers' list of registrations: search, filters, export, and data of one registration's page."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from convention import hooks
from convention.club.models import Person
from convention.events.club_hooks import Participation
from convention.events.models import Event
from convention.events.permissions import can_organize
from convention.jobs.job_queue import JobPage
from convention.mail.bounces import find_bounced_addresses, has_bounced_address
from convention.tables.downloads import TableSheet
from convention.text.normalize import name_search_key, normalize_whitespace, parse_digits
from registrations.billing.refund_summary import filter_paid, filter_priced, filter_unpaid
from registrations.models import (
    ImportedRow,
    ImportRun,
    MailDelivery,
    Question,
    Registration,
    RegistrationAddon,
    RegistrationQuerySet,
    SessionBooking,
)
from registrations.notes.staff_notes import find_registration_ids_by_note
from registrations.permissions import list_own_registrations
from registrations.questions.answers import describe_answers, format_answer_cell, select_asked_questions
from registrations.questions.queries import load_questions
from registrations.questions.statistics import find_incomplete_registrations

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser

JOB_PAGE = JobPage("organize-registrations", gettext_lazy("Registrations"))
FILTER_FIELDS = (
    "ticket", "addon", "session", "voucher", "quota", "run", "state", "payment", "company", "sort",
)  # fmt: skip
FILTER_LOOKUPS = {
    "ticket": "ticket__slug",
    "voucher": "voucher__code",
    "quota": "ticket__quota__name",
}
# Filters that only links from other pages set; the form has no fields for them.
LINK_ONLY_FILTERS = {
    "session": gettext_lazy("Booked session"),
    "voucher": gettext_lazy("Code"),
    "quota": gettext_lazy("Shared quota"),
    "run": gettext_lazy("Added by the import"),
}
# The id last, so that rows with equal names are never repeated or left out between pages.
SORT_ORDERS = {"name": ["sort_name", "pk"], "new": ["-created_at", "-pk"]}


def list_ids_with_addons(event: Event, slugs: Collection[str]) -> QuerySet[Any, Any]:
    """Return the ids of the event's registrations that have one of these add-ons, not cancelled."""
    booked = RegistrationAddon.objects.filter(addon__event=event, addon__slug__in=slugs)
    return booked.filter(cancelled_at__isnull=True).order_by().values("registration")


def find_company_names(event: Event, part: str) -> list[str]:
    """Return the companies of the event's registrations whose name contains `part`.

    Capitals, accents, hyphens and apostrophes do not count.
    """
    key = name_search_key(part)
    # In Python: SQLite ignores only the case of ASCII letters.
    names = Registration.objects.filter(event=event).order_by().values_list("company", flat=True).distinct()
    return [name for name in names if key and key in name_search_key(name)]


@dataclass(frozen=True)
class RegistrationFilter:
    """Search and filter criteria; empty fields filter nothing."""

    search_text: str = ""
    ticket: str = ""
    state: str = ""
    company: str = ""
    sort: str = ""
    addon: str = ""
    session: str = ""
    voucher: str = ""
    quota: str = ""
    run: str = ""
    payment: str = ""

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> "RegistrationFilter":
        """Return the criteria of a query string: `q` for the search text, and FILTER_FIELDS."""
        values = {name: normalize_whitespace(query.get(name, "")[:300]) for name in ("q", *FILTER_FIELDS)}
        return cls(search_text=values.pop("q"), **values)

    def find_registrations(self, event: Event) -> RegistrationQuerySet:
        """Return the matching registrations of the event, sorted."""
        rows: RegistrationQuerySet = Registration.objects.filter(
            self._make_search_condition(event), event=event
        )
        for name, lookup in FILTER_LOOKUPS.items():
            if value := getattr(self, name):
                rows = rows.filter(**{lookup: value})
        if self.company:
            rows = rows.filter(company__in=find_company_names(event, self.company))
        for registration_ids in self._list_linked_ids(event):
            rows = rows.filter(pk__in=registration_ids)
        if self.payment in PAYMENT_CONDITIONS:
            rows = rows.filter(PAYMENT_CONDITIONS[self.payment]())
        # Which questions are asked depends on tickets and other answers, too much for SQL.
        if self.state == UNANSWERED_FILTER:
            rows = rows.filter(pk__in=find_incomplete_registrations(event, load_questions(event)))
        elif self.state in STATE_CONDITIONS:
            rows = rows.filter(STATE_CONDITIONS[self.state]())
        return rows.order_by(*SORT_ORDERS.get(self.sort, SORT_ORDERS["name"]))

    def _list_linked_ids(self, event: Event) -> Iterator[QuerySet[Any, Any]]:
        """Yield the ids of those with the add-on, of those with the session, and of those an import added."""
        if self.addon:
            yield list_ids_with_addons(event, [self.addon])
        if self.session:
            number = parse_digits(self.session) or 0
            bookings = SessionBooking.objects.active().filter(session__event=event, session__number=number)
            yield bookings.order_by().values("registration")
        if self.run:
            imported = ImportedRow.objects.filter(run=parse_digits(self.run) or 0, run__event=event)
            yield imported.filter(values_before__isnull=True).order_by().values("registration")

    def list_link_filters(self, event: Event) -> list[tuple[str, str, str, str]]:
        """Return field, value, label and title of each filter that only links from other pages set."""
        number = parse_digits(self.session)
        session = event.sessions.filter(number=number).first() if number is not None else None
        runs = ImportRun.objects.filter(event=event)
        run = runs.filter(pk=parse_digits(self.run) or 0).first() if self.run else None
        titles = {
            "session": session.title if session else "",
            "run": str(run) if run else "",
        }
        return [
            (name, value, str(label), titles.get(name) or value)
            for name, label in LINK_ONLY_FILTERS.items()
            if (value := getattr(self, name))
        ]

    def _make_search_condition(self, event: Event) -> Q:
        """Return a condition: the registration or its note contains the search text."""
        condition = Registration.objects.all().make_search_condition(self.search_text)
        # Added only if there are any: the database searches the registrations alone by an index.
        noted_ids = find_registration_ids_by_note(event, self.search_text)
        return condition | Q(pk__in=noted_ids) if noted_ids else condition


def _confirmed_condition() -> Q:
    return Q(confirmed_at__isnull=False, cancelled_at__isnull=True)


def _pending_condition() -> Q:
    return Q(confirmed_at__isnull=True, cancelled_at__isnull=True, hold_expires_at__gt=timezone.now())


def _cancelled_condition() -> Q:
    return Q(cancelled_at__isnull=False)


def _expired_condition() -> Q:
    # Negated, because a released hold has no date: `lte` would miss it.
    return Q(confirmed_at__isnull=True, cancelled_at__isnull=True) & ~Q(hold_expires_at__gt=timezone.now())


def _undelivered_condition() -> Q:
    refused = Q(order__in=MailDelivery.objects.needing_attention().order_by().values("order"))
    # Bounced mail no longer matters once the registration is cancelled.
    return refused | (has_bounced_mail() & Q(cancelled_at__isnull=True))


def has_bounced_mail() -> Q:
    """Return a condition: mail to the attendee's or the buyer's address bounced."""
    return has_bounced_address("email") | has_bounced_address("order__email")


UNDELIVERED_FILTER = "undelivered"
UNANSWERED_FILTER = "unanswered"
# Functions, because two conditions contain the current time.
STATE_CONDITIONS = {
    UNDELIVERED_FILTER: _undelivered_condition,
    Registration.State.CONFIRMED.value: _confirmed_condition,
    Registration.State.PENDING.value: _pending_condition,
    Registration.State.CANCELLED.value: _cancelled_condition,
    Registration.State.EXPIRED.value: _expired_condition,
}


PAYMENT_CONDITIONS = {"unpaid": filter_unpaid, "paid": filter_paid}


def load_unpaid_state(registration_ids: Collection[int]) -> dict[int, bool]:
    """Return, by id, whether the order is unpaid; of registrations for which something is or was due."""
    rows = Registration.objects.filter(filter_priced(), pk__in=registration_ids).order_by()
    is_unpaid = ExpressionWrapper(filter_unpaid(), BooleanField())
    return dict(rows.annotate(is_unpaid=is_unpaid).values_list("pk", "is_unpaid"))


def load_mails(registration: Registration) -> dict[str, Any]:
    """Return the order's mails about this registration, newest first, and what went wrong.

    `failed_mail` is the latest revision that needs attention, or None. `bounced_addresses` are
    those of the attendee and the buyer whose mail bounced.
    """
    mails = list(
        registration.order.deliveries.filter(Q(registration__isnull=True) | Q(registration=registration))
    )
    # Deliveries come newest first; only the latest revision of a mail counts.
    latest = {mail.message_key: mail for mail in reversed(mails)}
    failed = [mail for mail in latest.values() if mail.needs_attention]
    bounced_addresses = find_bounced_addresses([registration.email, registration.order.email])
    return {
        "mails": mails,
        "failed_mail": failed[0] if failed else None,
        "bounced_addresses": sorted(bounced_addresses),
    }


def load_answers(registration: Registration) -> dict[str, Any]:
    """Return the answers as texts, the uploaded files, and whether the event asks this attendee anything."""
    questions = load_questions(registration.event)
    return {
        "answer_texts": list(describe_answers(questions, registration.answers)),
        "files": list(registration.answer_files.defer("content")) if questions else [],
        "has_questions": bool(select_asked_questions(questions, registration.ticket, registration.answers)),
    }


def export_header(questions: Sequence[Question] = ()) -> list[str]:
    """Return the headings of the export, which an import recognizes again; one column per question."""
    return [
        _("Reference"),
        _("First name"),
        _("Last name"),
        _("E-mail"),
        _("Company"),
        _("Ticket"),
        _("Add-ons"),
        _("Status"),
        _("Price"),
        _("Code"),
        _("Currency"),
        _("No photographs"),
        _("Order reference"),
        _("Purchase order"),
        _("Registered on"),
        _("Note for staff"),
        *(question.title for question in questions),
    ]


def make_registration_sheet(event: Event, registrations: RegistrationQuerySet) -> TableSheet:
    """Return the registrations as a sheet to download."""
    questions = load_questions(event)
    return TableSheet(
        _("Registrations"), export_header(questions), iterate_export_rows(registrations, questions)
    )


def iterate_export_rows(
    registrations: RegistrationQuerySet, questions: Sequence[Question] = ()
) -> Iterator[list[Any]]:
    """Yield the cells of each registration; tickets by slug, which an import recognizes again."""
    yes, no = _("yes"), _("no")
    for row in (
        registrations.select_related("ticket", "order", "event", "voucher", "staff_note")
        .prefetch_related("addons__addon")
        # A chunk size is required after `prefetch_related`, which runs once for each chunk.
        .iterator(2000)
    ):
        yield [
            row.reference,
            row.first_name,
            row.last_name,
            row.email,
            row.company,
            row.ticket.slug,
            ", ".join(item.addon.slug for item in row.active_addons),
            row.get_state_display(),
            Decimal(row.price + sum(item.price for item in row.active_addons)).scaleb(-2),
            row.voucher.code if row.voucher else "",
            row.order.currency,
            yes if row.no_photo else no,
            row.order.reference,
            row.order.purchase_order,
            row.created_at.astimezone(row.event.zone),
            note.text if (note := getattr(row, "staff_note", None)) else "",
            *(format_answer_cell(question, row.answers.get(question.slug)) for question in questions),
        ]


def list_registration_participations(person: Person, reader: "RequestUser") -> list[Participation]:
    """Return the person's registrations at events that the reader organizes.

    Places on application are left out: `list_visit_participations` returns their applications.
    """
    registrations = [row for row in list_own_registrations(person) if can_organize(reader, row.event)]
    visits = [row.event for row in registrations if row.event.kind == Event.Kind.SITE_VISIT]
    governed_ids = set(hooks.application_rules.provider().find_governed_ids(visits)) if visits else set()
    rows = [row for row in registrations if row.event_id not in governed_ids]
    presence = hooks.registration_presence.provider()({row.event for row in rows}) if rows else {}
    return [
        Participation(
            row.event,
            state=pgettext("registration", "attended")
            if row.state == Registration.State.CONFIRMED and row.pk in presence[row.event_id]
            else row.get_state_display(),
            path=reverse("organize-registration", args=[row.event.slug, row.reference]),
        )
        for row in rows
    ]
