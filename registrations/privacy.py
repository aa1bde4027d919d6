"""Personal data of registrations, declared for privacy requests: tables, retention rules, agreements."""

import datetime
from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.events.models import Event
from convention.personal_data import (
    DataSubject,
    EventBlocker,
    EventTask,
    PersonalDataSource,
    RetentionRule,
    TranslatableText,
    has_address_in_column,
)
from convention.text.dates import format_datetime
from convention.text.email_addresses import normalize_email

from .consents import apply_photo_refusal, list_registration_agreements
from .data_subject import (
    describe_invoices_naming,
    filter_own_rows,
    find_invoice_lines_naming,
    find_orders_billed_to,
    find_other_addresses,
    find_own_registrations,
    find_receivables_billed_to,
)
from .erasure import (
    BILLING_FIELDS,
    erase_address_mentions,
    erase_attendees,
    erase_buyers,
    erase_waiting_mentions,
    get_expired_orders,
)
from .invoices.models.documents import InvoiceLine, Receivable
from .invoices.privacy import LEGAL_RETENTION_REASON, blank_buyers
from .models import (
    AgendaLink,
    AnswerFile,
    DismissedDuplicate,
    IdempotencyKey,
    ImportedRow,
    ImportRun,
    MailDelivery,
    Order,
    Registration,
    RegistrationAddon,
    RegistrationDraft,
    SessionBooking,
    SponsorLogo,
    Sponsorship,
    TransferNotice,
    Voucher,
    WaitingEntry,
)
from .retention import (
    clear_old_networks,
    delete_old_answers,
    delete_old_transfer_notices,
    delete_old_waiting_entries,
    erase_inactive_people,
    erase_old_attendees,
    erase_old_buyers,
    erase_old_expired_orders,
)
from .storefront.drafts import delete_old_drafts

BILLING_COLUMNS = tuple(f"billing_{name}" for name in BILLING_FIELDS)
COUNTED_REASON = _("attendance is anonymized; only totals by ticket, company and day are kept")
THREE_YEARS_DAYS = 3 * 365


def _exclude_own_rows(rows: "QuerySet[Any]", subject: DataSubject) -> "QuerySet[Any]":
    return rows.exclude(pk__in=filter_own_rows(rows, subject).values("pk")).exclude(
        pk__in=find_own_registrations(subject).values("pk")
    )


def _filter_own_waits(rows: "QuerySet[Any]", subject: DataSubject) -> "QuerySet[Any]":
    """Return the subject's own entries; that of an application is the applicant's, whatever its address."""
    return rows.exclude(pk__in=_filter_other_waits(rows, subject).values("pk"))


def _filter_other_waits(rows: "QuerySet[Any]", subject: DataSubject) -> "QuerySet[Any]":
    others = rows.filter(application__person__isnull=False)
    return others.exclude(application__person=subject.person_id) if subject.person_id else others


def _iterate_file(row: Any) -> Iterable[tuple[str, bytes]]:
    yield row.name, bytes(row.content)


def find_upcoming_places(subject: DataSubject) -> Iterator[EventBlocker]:
    """Yield an error for each event that is not over and has a registration or wait of the subject.

    A place that the subject only ordered blocks nothing once its attendee gets e-mails and links at an
    address of their own and the place is confirmed.
    """
    now = timezone.now()
    is_own = has_address_in_column("email", subject)
    # A subject without an account is known by address only.
    is_own |= Q(person=subject.person_id) if subject.person_id else Q(pk__in=[])
    needs_buyer = Q(email="") | Q(confirmed_at=None)
    is_own |= has_address_in_column("order__email", subject) & needs_buyer
    rows = Registration.objects.active().filter(is_own, event__ends_at__gt=now)
    own_tasks: dict[Event, list[EventTask]] = {}
    others_tasks: dict[Event, list[EventTask]] = {}
    for row in rows.select_related("event__venue", "order"):
        task = EventTask(_describe_task(row, subject), "organize-registration", row.reference, "#cancel")
        tasks = own_tasks if _is_attendee(row, subject) else others_tasks
        tasks.setdefault(row.event, []).append(task)
    request = _("There is still a place booked at “%(event)s”. Only its organizers can cancel it.")
    text = _("There is still a place booked at “%(event)s”. Cancel it or transfer it first.")
    yield from _make_blockers(own_tasks, text, request)
    text = _(
        "A place ordered for someone else at “%(event)s” needs its buyer until it is confirmed and the "
        "attendee has an address. Enter the attendee’s own e-mail address, or cancel the place first."
    )
    yield from _make_blockers(others_tasks, text, request)
    yield from _find_upcoming_waits(subject)


def _find_upcoming_waits(subject: DataSubject) -> Iterator[EventBlocker]:
    waits = WaitingEntry.objects.active().filter(
        has_address_in_column("email", subject), event__ends_at__gt=timezone.now()
    )
    text = _("There is still an entry on the waiting list for “%(event)s”. Leave the list first.")
    request = _(
        "There is still an entry on the waiting list for “%(event)s”. Only its organizers can remove it."
    )
    tasks: dict[Event, list[EventTask]] = {}
    for wait in waits.select_related("event__venue"):
        # The time tells the entry from the others of the list, without a name.
        joined = format_datetime(wait.joined_at, wait.event.zone)
        label = _("Remove the waiting list entry of %(joined)s") % {"joined": joined}
        tasks.setdefault(wait.event, []).append(
            EventTask(label, "organize-waiting", suffix=f"?list=ticket-{wait.ticket_id}")
        )
    yield from _make_blockers(tasks, text, request)


def _is_attendee(registration: Registration, subject: DataSubject) -> bool:
    return normalize_email(registration.email) in subject.addresses or (
        subject.person is not None and registration.person_id == subject.person_id
    )


def _describe_task(registration: Registration, subject: DataSubject) -> str:
    """Return what the organizers can do about this place, which the subject has or ordered."""
    text: TranslatableText = _("Cancel or transfer registration %(reference)s")
    is_others = not _is_attendee(registration, subject)
    if is_others and registration.confirmed_at and not registration.email:
        text = _(
            "Enter the attendee’s own e-mail address for registration %(reference)s, ordered for someone "
            "else; or cancel it after asking the attendee"
        )
    elif is_others:
        text = _(
            "Cancel registration %(reference)s, ordered for someone else: ask the attendee before you cancel"
        )
    return str(text) % {"reference": registration.reference}


def _make_blockers(
    tasks: dict[Event, list[EventTask]], text: TranslatableText, request: TranslatableText
) -> Iterator[EventBlocker]:
    """Yield one blocker for each event, with its tasks."""
    for event in sorted(tasks, key=lambda event: event.title):
        values = {"event": event.title}
        yield EventBlocker(str(text) % values, event, tuple(tasks[event]), str(request) % values)


def find_open_balances(subject: DataSubject) -> Iterator[TranslatableText]:
    """Yield an error for each order with an open balance; unconfirmed orders owe nothing."""
    rows = Receivable.objects.filter(has_address_in_column("email", subject)).with_balance()
    expired = get_expired_orders(timezone.now()).values("reference")
    for receivable in rows.filter(~Q(amount_due=0)).exclude(reference__in=expired):
        yield _("Order %(reference)s is not settled. It must first be paid, credited or refunded.") % {
            "reference": receivable.reference
        }


def _run_answer_rule(_before: datetime.datetime) -> int:
    return delete_old_answers()


PERSONAL_DATA = [
    PersonalDataSource(
        model=Registration,
        purpose=_("your registrations and your answers"),
        person_columns=("person",),
        address_columns=("email",),
        narrow_rows=filter_own_rows,
        find_more_rows=find_own_registrations,
        hidden_columns=("search", "sort_name"),
        name_columns=("first_name", "last_name"),
        erase_rows=erase_attendees,
        retention_reason=COUNTED_REASON,
    ),
    PersonalDataSource(
        model=Registration,
        # A second source for the table: other people's rows lose only the address.
        name=_("registrations of others"),
        purpose=_("other people’s places registered with your address"),
        address_columns=("email",),
        narrow_rows=_exclude_own_rows,
        exported_columns=("id", "reference", "event", "email"),
        erase_rows=erase_address_mentions,
        leads_to_other_tables=False,
    ),
    PersonalDataSource(
        model=Order,
        purpose=_("your orders, for yourself or others"),
        address_columns=("email",),
        erase_rows=erase_buyers,
        retention_reason=COUNTED_REASON,
    ),
    PersonalDataSource(
        model=InvoiceLine,
        name=_("lines of invoices with your name"),
        purpose=_("invoices for your place, issued to the buyer"),
        find_more_rows=find_invoice_lines_naming,
        exported_columns=("id", "invoice", "description", "amount"),
        # Issued invoices stay for ten years (docs/operators.md).
        is_required_by_law=True,
        retention_reason=LEGAL_RETENTION_REASON,
        leads_to_other_tables=False,
    ),
    PersonalDataSource(
        model=Order,
        name=_("other people’s orders billed to you"),
        purpose=_("orders that other people placed for you, billed in your name"),
        find_more_rows=find_orders_billed_to,
        exported_columns=("id", "reference", "event", *BILLING_COLUMNS),
        blanked_columns=BILLING_COLUMNS,
        leads_to_other_tables=False,
    ),
    PersonalDataSource(
        model=Receivable,
        name=_("amounts due for orders that others placed in your name"),
        purpose=_("orders that other people placed for you, billed in your name"),
        find_more_rows=find_receivables_billed_to,
        exported_columns=("id", "reference", "event", "name", "street", "postcode", "city"),
        erase_rows=blank_buyers,
        leads_to_other_tables=False,
    ),
    PersonalDataSource(
        model=RegistrationAddon,
        purpose=_("the add-ons of your place"),
        parent_columns=("registration",),
        retention_reason=COUNTED_REASON,
    ),
    PersonalDataSource(
        model=SessionBooking,
        purpose=_("sessions you booked"),
        parent_columns=("registration",),
        retention_reason=COUNTED_REASON,
    ),
    PersonalDataSource(
        model=AgendaLink,
        purpose=_("the link between you and a personal programme, to inform you of changes"),
        parent_columns=("registration",),
        is_deleted_on_erasure=True,
    ),
    PersonalDataSource(
        model=AnswerFile,
        purpose=_("files you uploaded"),
        parent_columns=("registration",),
        hidden_columns=("token",),
        export_files=_iterate_file,
        is_deleted_on_erasure=True,
    ),
    PersonalDataSource(
        model=MailDelivery,
        name=_("e-mails sent"),
        purpose=_("the e-mails sent to you; the log contains no address"),
        parent_columns=("registration", "order"),
        retention_reason=COUNTED_REASON,
    ),
    PersonalDataSource(
        model=TransferNotice,
        purpose=_("e-mails still to be sent to you about a place that was given to somebody else"),
        address_columns=("email",),
        exported_columns=("id", "first_name", "email", "language", "created_at"),
        name_columns=("first_name",),
        is_deleted_on_erasure=True,
        # The place is another person's by now.
        leads_to_other_tables=False,
    ),
    PersonalDataSource(
        model=ImportRun,
        purpose=_("lists you imported"),
        actor_columns=("imported_by", "undone_by"),
        exported_columns=("id", "event", "file_name", "imported_at"),
        retention_reason=_("imports are anonymized; only their history is kept"),
        leads_to_other_tables=False,
    ),
    PersonalDataSource(
        model=ImportedRow,
        name=_("rows of imported lists"),
        purpose=_("your details from an imported list, as long as the import can be undone"),
        parent_columns=("registration",),
        is_deleted_on_erasure=True,
    ),
    PersonalDataSource(
        model=DismissedDuplicate,
        name=_("reviewed pairs"),
        purpose=_("notes that two registrations are different people"),
        parent_columns=("registration", "other_registration"),
        actor_columns=("dismissed_by",),
        exported_columns=("id", "registration", "other_registration", "dismissed_at"),
        retention_reason=COUNTED_REASON,
    ),
    PersonalDataSource(
        model=Voucher,
        purpose=_("codes created for your address"),
        address_columns=("for_address",),
        exported_columns=("id", "event", "code", "label", "for_address"),
        blanked_columns=("for_address",),
        leads_to_other_tables=False,
    ),
    PersonalDataSource(
        model=WaitingEntry,
        purpose=_("your waiting list entries"),
        address_columns=("email", "address"),
        narrow_rows=_filter_own_waits,
        parent_columns=("registration",),
        hidden_columns=("public_id",),
        name_columns=("first_name", "last_name"),
        is_deleted_on_erasure=True,
    ),
    PersonalDataSource(
        model=WaitingEntry,
        name=_("other people’s waiting list entries"),
        purpose=_("other people’s waiting list entries with your address"),
        address_columns=("email", "address"),
        narrow_rows=_filter_other_waits,
        exported_columns=("id", "event", "email"),
        erase_rows=erase_waiting_mentions,
        leads_to_other_tables=False,
    ),
    PersonalDataSource(
        model=Sponsorship,
        purpose=_("your role as a sponsor’s contact"),
        parent_columns=("order",),
        exported_columns=("id", "event", "name", "contact", "website", "created_at"),
        blanked_columns=("contact",),
        retention_reason=_("the sponsor is a company"),
        leads_to_other_tables=False,
    ),
]
# Every table that refers to one of the above has to be declared, which a test checks.
NO_PERSONAL_DATA = {
    IdempotencyKey: "hashes, for a day",
    SponsorLogo: "a company's logo",
}
ERASURE_BLOCKERS = [find_upcoming_places, find_open_balances]
OWN_ADDRESSES = [find_other_addresses]
LEGAL_RETENTION = [describe_invoices_naming]
# An erasure deletes rows of these columns that contain the subject's names or addresses.
TRANSIENT_TEXT = {RegistrationDraft: ("content",)}
# In these columns others may have written about the subject: an erasure removes names and addresses.
FREE_TEXT = {
    AnswerFile: ("name",),
    MailDelivery: ("server_response",),
    ImportRun: ("file_name", "mapping"),
    Registration: ("answers",),
    Voucher: ("label",),
}
AGREEMENTS = [list_registration_agreements]
PHOTOS_REFUSED = [apply_photo_refusal]
RETENTION = [
    RetentionRule(
        slug="attendees",
        name=_("Attendance"),
        counted_from=_("after the end of the event"),
        days=THREE_YEARS_DAYS,
        min_days=30,
        delete_older_than=erase_old_attendees,
    ),
    RetentionRule(
        slug="buyers",
        name=_("Buyers"),
        counted_from=_("after the end of the event"),
        days=THREE_YEARS_DAYS,
        min_days=90,
        delete_older_than=erase_old_buyers,
    ),
    RetentionRule(
        slug="expired-orders",
        name=_("Orders that were never confirmed"),
        counted_from=_("after the deadline to confirm or pay"),
        days=90,
        min_days=30,
        delete_older_than=erase_old_expired_orders,
    ),
    RetentionRule(
        slug="transfer-notices",
        name=_("E-mails about transferred places that could not be sent"),
        counted_from=_("after the transfer"),
        days=30,
        min_days=1,
        delete_older_than=delete_old_transfer_notices,
    ),
    RetentionRule(
        slug="drafts",
        name=_("Unfinished registration forms"),
        counted_from=_("after the last entry"),
        days=7,
        min_days=1,
        delete_older_than=delete_old_drafts,
    ),
    RetentionRule(
        slug="networks",
        name=_("IP addresses recorded with orders"),
        counted_from=_("after the order"),
        days=30,
        min_days=1,
        delete_older_than=clear_old_networks,
    ),
    RetentionRule(
        slug="waiting",
        name=_("Waiting list entries"),
        counted_from=_("after the end of the event"),
        days=365,
        min_days=1,
        delete_older_than=delete_old_waiting_entries,
    ),
    RetentionRule(
        slug="answers",
        name=_("Answers and files"),
        counted_from=_("after the event, as set for each question"),
        days=0,
        delete_older_than=_run_answer_rule,
        is_fixed=True,
    ),
    RetentionRule(
        slug="people",
        name=_("Inactive people"),
        counted_from=_("after their last employment, role, registration or sign-in"),
        days=THREE_YEARS_DAYS,
        min_days=365,
        delete_older_than=erase_inactive_people,
    ),
]
