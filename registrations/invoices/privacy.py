"""Personal data in receivables, invoices and quotations: what is exported, erased and retained."""

import datetime
from collections.abc import Iterable, Iterator
from typing import Any, Final

from django.db.models import Q, QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from convention.club.models import Company, Person
from convention.personal_data import (
    DataSubject,
    PersonalDataSource,
    RetentionRule,
    TranslatableText,
    has_address_in_column,
)
from convention.privacy.redaction.redactor import REPLACEMENT_TEXT, Redactor, build_full_name_phrases
from convention.text.dates import format_date
from convention.text.email_addresses import normalize_email

from .models import (
    Charge,
    EntryRow,
    Invoice,
    InvoiceLine,
    InvoiceMail,
    InvoicePdf,
    Issuer,
    Payment,
    Quotation,
    Receivable,
    Refund,
    Reminder,
)

CONTACT_FIELDS: Final = ("email", "purchase_order", "service_code", "engagement_number")
BUYER_FIELDS: Final = ("name", "street", "postcode", "city", "siren", "vat_number")
ERASURE_BATCH_SIZE: Final = 500
# French Code de commerce, art. L123-22.
LEGAL_RETENTION_YEARS: Final = 10

BOOKKEEPING_REASON = _("the law requires payments to stay in the accounts for ten years; they are anonymized")
LEGAL_RETENTION_REASON = _(
    "the law requires issued invoices to stay as they are for ten years, with name and address"
)


def blank_buyers(rows: "QuerySet[Any]", subject: DataSubject | None = None) -> None:
    """Blank the buyer of each receivable. A company keeps its name and loses the contact's address.

    Issued invoices are not touched: they have their own copy, which the law requires.
    """
    redactor = Redactor(subject or DataSubject(), redact_single_names=True)
    for receivable in rows:
        # The name of a company is no personal data, unless it is named after the person.
        is_company = is_company_buyer(receivable, redactor)
        for column in CONTACT_FIELDS if is_company else (*CONTACT_FIELDS, *BUYER_FIELDS):
            setattr(receivable, column, "")
        receivable.subject = redactor.redact_text(receivable.subject)
        # Not `update()`: `save` rebuilds `search_text`, in which the name would remain.
        receivable.save()


def is_company_buyer(receivable: Receivable, redactor: Redactor) -> bool:
    """Return whether the buyer is a company and not the person named as the subject.

    A company is known by its SIREN or VAT number, or by its name in the directory.
    """
    if not receivable.name or redactor.has_match(receivable.name):
        return False
    has_number = bool(receivable.siren or receivable.vat_number)
    return has_number or Company.objects.filter(name__iexact=receivable.name).exists()


def build_billed_name_condition(column: str, subject: DataSubject) -> Q:
    """Return a condition on rows whose `column` is the subject's full name, in either order."""
    condition = Q(pk__in=[])
    for name in subject.names:
        # A single name is too common to tell one person from another, so only full names are compared.
        for full_name in {" ".join(name), " ".join(reversed(name))} if build_full_name_phrases(name) else ():
            condition |= Q(**{f"{column}__iexact": full_name})
    return condition


def _find_quotations_to(subject: DataSubject) -> "QuerySet[Any]":
    """Return the quotations requested from an address of the subject or billed to the subject."""
    # Lower() only narrows the candidates: databases fold more than ASCII, so `normalize_email` decides.
    rows = Quotation.objects.alias(low=Lower(KT("buyer__email"))).filter(low__in=sorted(subject.addresses))
    requested_ids = {
        pk
        for pk, email in rows.values_list("pk", "buyer__email")
        if normalize_email(email) in subject.addresses
    }
    return Quotation.objects.filter(pk__in=requested_ids | set(_iter_quotation_ids_in_name(subject)))


def _iter_quotation_ids_in_name(subject: DataSubject) -> Iterator[int]:
    """Yield ids of quotations requested by others for the subject and billed in their name."""
    billed = set(
        Quotation.objects.filter(build_billed_name_condition("buyer_name", subject)).values_list(
            "pk", flat=True
        )
    )
    yield from (row.pk for row in _iter_quotations_naming(subject) if row.pk in billed)


def _find_quotations_for_attendee(subject: DataSubject) -> "QuerySet[Any]":
    """Return the quotations of others that name the subject as an attendee."""
    own_ids = set(_find_quotations_to(subject).values_list("pk", flat=True))
    return Quotation.objects.filter(pk__in={row.pk for row in _iter_quotations_naming(subject)} - own_ids)


def _iter_quotations_naming(subject: DataSubject) -> Iterator[Quotation]:
    """Yield the quotations of a place for the subject's address, and those whose lines name the subject.

    Lines have only the attendee's name, so an automatic erasure, which nobody reviews, skips them.
    """
    redactor = Redactor(subject)
    # Names are inside JSON columns: every quotation is read. They are few: a retention rule deletes old ones.
    for row in Quotation.objects.all():
        if _list_place_numbers(row, subject) or (
            not subject.is_automatic and _is_named_in_texts(row, subject, redactor)
        ):
            yield row


def _list_place_numbers(quotation: Quotation, subject: DataSubject) -> set[str]:
    """Return the numbers of the quoted places that have an address of the subject."""
    return {
        attendee["number"]
        for attendee in quotation.details.get("attendees", [])
        if normalize_email(attendee["email"]) in subject.addresses
    }


def _is_named_in_texts(quotation: Quotation, subject: DataSubject, redactor: Redactor) -> bool:
    """Return whether the lines or the sponsor's contact name the subject.

    Never for a quotation that a namesake requested.
    """
    texts = (*quotation.line_texts, quotation.details.get("contact", ""))
    if not any(map(redactor.has_match, texts)):
        return False
    requesters = Person.objects.filter(email__iexact=quotation.buyer["email"]).exclude(pk=subject.person_id)
    return not any(redactor.has_match(person.name) for person in requesters)


def _redact_attendee(rows: "QuerySet[Any]", subject: DataSubject) -> None:
    """Remove the subject's name and address from the lines and details; number, prices and buyer stay."""
    redactor = Redactor(subject)
    for row in rows:
        attendees = row.details.get("attendees", [])
        numbers = _list_place_numbers(row, subject) | {
            attendee["number"]
            for attendee in attendees
            if redactor.has_match(f"{attendee['first_name']} {attendee['last_name']}")
        }
        contact = row.details.get("contact", "")
        others = [attendee for attendee in attendees if attendee["number"] not in numbers]
        # `save` refuses to change a quotation that was given.
        rows.model.objects.filter(pk=row.pk).update(
            details={
                **row.details,
                "attendees": others,
                "contact": "" if redactor.has_match(contact) else contact,
            },
            lines=[_redact_quotation_line(redactor, line, numbers) for line in row.lines],
        )


def _redact_quotation_line(redactor: Redactor, line: dict[str, Any], numbers: set[str]) -> dict[str, Any]:
    """Return a line of a quotation without the subject, whose places have these numbers."""
    # Older quotations have the name at the end of the description, after a comma.
    description = redactor.redact_text(line["description"])
    if description.endswith(f", {REPLACEMENT_TEXT}"):
        description = description.rpartition(", ")[0]
    attendee = line.get("attendee", "")
    # Also a name that the subject's own rows spell otherwise.
    is_subject = line.get("key", "").partition(":")[0] in numbers or redactor.has_match(attendee)
    return {**line, "description": description, "attendee": "" if is_subject else attendee}


def delete_old_quotations(before: datetime.datetime) -> int:
    """Delete the quotations that expired before a moment; return how many."""
    return int(Quotation.objects.filter(valid_until__lt=timezone.localdate(before)).delete()[0])


def blank_old_buyers(before: datetime.datetime) -> int:
    """Blank the buyers of settled receivables whose event ended before a moment; return how many.

    Without an event the receivable's creation counts. At most ERASURE_BATCH_SIZE are handled in a call.
    """
    is_past = Q(event__ends_at__lt=before) | Q(event=None, created_at__lt=before)
    rows = Receivable.objects.filter(is_past).exclude(name="", email="", street="").order_by("pk")
    # Reminders and refunds still need the buyer of an unsettled one.
    settled = rows.with_balance().filter(Q(amount_due=0))
    # The rest follows in the next run of the retention job.
    keys = list(settled.values_list("pk", flat=True)[:ERASURE_BATCH_SIZE])
    blank_buyers(Receivable.objects.filter(pk__in=keys))
    return len(keys)


def _export_invoice_pdf(invoice_pdf: Any) -> Iterable[tuple[str, bytes]]:
    yield f"{invoice_pdf.invoice.number}.pdf", bytes(invoice_pdf.content)


def describe_retained_invoices(subject: DataSubject) -> Iterator[TranslatableText]:
    """Yield a sentence that names the issued documents billed to the subject."""
    if documents := list(find_invoices_billed_to(subject).order_by("issued_on", "pk")):
        yield ngettext(
            "Invoice %(numbers)s is kept, including its items and the buyer’s name and address: the law "
            "requires the club to keep issued invoices for ten years, in this case until %(day)s.",
            "Invoices %(numbers)s are kept, including their items and the buyer’s name and address: the law "
            "requires the club to keep issued invoices for ten years, in this case until %(day)s.",
            len(documents),
        ) % {
            "numbers": join_invoice_numbers(documents),
            "day": format_date(compute_retention_end(document.issued_on for document in documents)),
        }


def describe_retained_entries(subject: DataSubject) -> Iterator[TranslatableText]:
    """Yield a sentence if entries of a closed period name the subject as the buyer."""
    if last_row := find_entry_rows_of(subject).order_by("booked_on", "pk").last():
        yield _(
            "The accounting entries of your payments and invoices are kept with the buyer’s name once their "
            "period is closed: the law requires the club to keep its accounts for ten years, in this case "
            "until %(day)s."
        ) % {"day": format_date(compute_retention_end([last_row.booked_on]))}


def join_invoice_numbers(documents: list[Invoice]) -> str:
    return ", ".join(document.number for document in documents)


def find_invoices_billed_to(subject: DataSubject) -> "QuerySet[Any]":
    """Return the documents whose buyer has an address of the subject, now or when issued."""
    # Lower() only narrows the candidates; `normalize_email` decides, as elsewhere.
    rows = Invoice.objects.alias(low=Lower(KT("buyer__email")))
    candidates = rows.filter(
        has_address_in_column("receivable__email", subject) | Q(low__in=sorted(subject.addresses))
    )
    addresses = candidates.values_list("pk", "receivable__email", "buyer__email")
    return Invoice.objects.filter(
        pk__in=[
            pk
            for pk, *emails in addresses
            if subject.addresses & set(map(normalize_email, filter(None, emails)))
        ]
    )


def find_entry_rows_of(subject: DataSubject) -> "QuerySet[Any]":
    """Return the closed entries of what the subject owed, and of what was invoiced to the subject.

    The latter are found even if the receivable was erased.
    """
    invoiced = Invoice.objects.filter(pk__in=find_invoices_billed_to(subject)).values("receivable")
    return EntryRow.objects.filter(
        has_address_in_column("receivable__email", subject) | Q(receivable__in=invoiced)
    )


def compute_retention_end(days: Iterable[datetime.date]) -> datetime.date:
    """Return the last day of the legal retention of documents and entries of these days."""
    return datetime.date(
        # The ten years count from the end of the accounting year, here the calendar year.
        max(day.year for day in days) + LEGAL_RETENTION_YEARS,
        12,
        31,
    )


PERSONAL_DATA = [
    PersonalDataSource(
        model=Receivable,
        purpose=_("what you owe and whom to bill"),
        address_columns=("email",),
        hidden_columns=("search_text",),
        erase_rows=blank_buyers,
        retention_reason=_(
            "amounts due and paid stay in the accounts; issued invoices have their own copy of the name"
        ),
    ),
    PersonalDataSource(
        model=Charge,
        purpose=_("what you bought"),
        parent_columns=("receivable",),
        hidden_columns=("key",),
        retention_reason=BOOKKEEPING_REASON,
    ),
    PersonalDataSource(
        model=Invoice,
        purpose=_("your invoices"),
        parent_columns=("receivable",),
        find_more_rows=find_invoices_billed_to,
        is_required_by_law=True,
        retention_reason=LEGAL_RETENTION_REASON,
    ),
    PersonalDataSource(
        model=InvoiceLine,
        purpose=_("your invoices"),
        parent_columns=("invoice",),
        is_required_by_law=True,
        retention_reason=LEGAL_RETENTION_REASON,
    ),
    PersonalDataSource(
        model=InvoicePdf,
        purpose=_("your invoices"),
        parent_columns=("invoice",),
        export_files=_export_invoice_pdf,
        is_required_by_law=True,
        retention_reason=LEGAL_RETENTION_REASON,
    ),
    PersonalDataSource(
        model=InvoiceMail,
        purpose=_("e-mails with your invoices"),
        parent_columns=("invoice",),
        retention_reason=BOOKKEEPING_REASON,
    ),
    PersonalDataSource(
        model=Reminder,
        purpose=_("reminders about your invoices"),
        parent_columns=("invoice",),
        retention_reason=BOOKKEEPING_REASON,
    ),
    PersonalDataSource(
        model=Payment,
        purpose=_("what you paid"),
        parent_columns=("receivable",),
        retention_reason=BOOKKEEPING_REASON,
    ),
    PersonalDataSource(
        model=Refund,
        purpose=_("what was refunded to you"),
        parent_columns=("receivable",),
        hidden_columns=("charge_key",),
        retention_reason=BOOKKEEPING_REASON,
    ),
    PersonalDataSource(
        model=EntryRow,
        purpose=_("accounting entries about your payments and invoices"),
        parent_columns=("receivable",),
        find_more_rows=find_entry_rows_of,
        hidden_columns=("account_role",),
        is_required_by_law=True,
        retention_reason=_(
            "the law requires the entries of a closed period to stay as they are for ten years, with the name"
        ),
    ),
    PersonalDataSource(
        model=Quotation,
        purpose=_("quotations you requested"),
        find_more_rows=_find_quotations_to,
        hidden_columns=("public_id",),
        is_deleted_on_erasure=True,
    ),
    PersonalDataSource(
        model=Quotation,
        name=_("quotations of others"),
        purpose=_("other people’s quotations that mention you"),
        find_more_rows=_find_quotations_for_attendee,
        exported_columns=("id", "number", "event", "issued_on"),
        erase_rows=_redact_attendee,
        # The buyer of such a quotation is somebody else, whose data must not enter this export.
        leads_to_other_tables=False,
    ),
    PersonalDataSource(
        model=Issuer,
        purpose=_("the address of the association that invoices"),
        address_columns=("email",),
        exported_columns=("id", "email"),
        retention_reason=_("it is the association’s address"),
        leads_to_other_tables=False,
    ),
]
LEGAL_RETENTION = [describe_retained_invoices, describe_retained_entries]
FREE_TEXT = {Charge: ("description",), Payment: ("note",), Refund: ("reason",)}
RETENTION = [
    RetentionRule(
        slug="quotations",
        name=_("Quotations"),
        counted_from=_("after they expire"),
        days=365,
        min_days=30,
        delete_older_than=delete_old_quotations,
    ),
    RetentionRule(
        slug="billed",
        name=_("Billing details, apart from issued invoices"),
        counted_from=_("after the end of the event, once everything is settled"),
        days=3 * 365,
        min_days=90,
        delete_older_than=blank_old_buyers,
    ),
]
