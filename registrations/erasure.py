"""Erase the personal data of attendees, buyers and waiting entries; money and counts stay.

Used by `privacy.py` (on request of one person) and `retention.py` (after the retention period).
"""

import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from convention.jobs.models import Job
from convention.personal_data import DataSubject
from convention.privacy.redaction.redactor import Redactor

from .billing.receivables import sync_attendee_names
from .changes.links import send_links_mail
from .invoices.ledger.charges import withdraw_receivables
from .invoices.models.documents import Invoice, Payment
from .models import AnswerFile, MailDelivery, Order, Registration, Sponsorship, WaitingEntry

# Without the company, by which attendance is counted. A company named after the person is redacted.
BLANK_ATTENDEE = {"first_name": "", "last_name": "", "email": "", "answers": {}, "issued_to": {}}
BILLING_FIELDS = ("name", "street", "postcode", "city", "country", "tax_number")


def erase_attendees(rows: "QuerySet[Any]", subject: DataSubject | None = None) -> None:
    """Blank names, addresses and answers; ticket, price, company, dates and scans stay.

    A company named after the subject is redacted. Badges are invalidated by raising their version.
    """
    registrations, redactor = list(rows), Redactor(subject or DataSubject())
    for registration in registrations:
        registration.company = redactor.redact_text(registration.company)
        for name, value in BLANK_ATTENDEE.items():
            setattr(registration, name, value)
    Registration.objects.bulk_update(registrations, [*BLANK_ATTENDEE, "company"], batch_size=500)
    keys = [registration.pk for registration in registrations]
    AnswerFile.objects.filter(registration__in=keys).delete()
    MailDelivery.objects.filter(registration__in=keys).exclude(server_response="").update(server_response="")
    sync_attendee_names(Registration.objects.filter(pk__in=keys).select_related("order"))
    # Not by bulk_update, which would overwrite a version raised meanwhile.
    rows.model.objects.filter(pk__in=keys).update(badge_version=F("badge_version") + 1)
    # Exported lists contain the names, which cannot be removed from a file.
    delete_list_files({registration.event_id for registration in registrations})


def delete_list_files(event_ids: set[int]) -> None:
    """Delete the files made by finished jobs of these events, which contain names of attendees."""
    for job in (
        Job.objects.filter(event__in=event_ids, finished_at__isnull=False).exclude(file="").defer("payload")
    ):
        job.file.delete(save=True)


def erase_address_mentions(rows: "QuerySet[Any]", _subject: DataSubject) -> None:
    """Blank the subject's address on registrations of other people."""
    registrations = list(rows)
    for registration in registrations:
        registration.email, registration.issued_to = "", {}
    Registration.objects.bulk_update(registrations, ["email", "issued_to"], batch_size=500)


def erase_waiting_mentions(rows: "QuerySet[Any]", _subject: DataSubject) -> None:
    """Blank the subject's address on waiting entries of other people, which stay."""
    entries = list(rows)
    for entry in entries:
        # A unique constraint allows each address once for each list; `#` and the id equal no real one.
        entry.email, entry.address = "", f"#{entry.pk}"
    WaitingEntry.objects.bulk_update(entries, ["email", "address"], batch_size=500)


def erase_buyers(rows: "QuerySet[Any]", subject: DataSubject | None = None) -> None:
    """Blank the address and billing details; issued invoices stay as they are.

    Receivables of orders that were never confirmed are withdrawn. The orders' links are revoked; those of
    attendees stay valid, and are mailed to attendees with upcoming places if the subject, who may have
    forwarded the order's link to them, is given.
    """
    order_ids = list(rows.values_list("pk", flat=True))
    # Otherwise the charges of an order that was never confirmed would stay open without a debtor.
    expired = get_expired_orders(timezone.now()).filter(pk__in=rows.values("pk"))
    withdraw_receivables(list(expired.values_list("reference", flat=True)))
    redactor = Redactor(subject or DataSubject())
    for pk, company in rows.exclude(company="").values_list("pk", "company") if subject else ():
        if redactor.has_match(company):
            Order.objects.filter(pk=pk).update(company=redactor.redact_text(company))
    rows.update(
        email="",
        purchase_order="",
        network="",
        # Attendees may still have their places: nobody else must change them with the buyer's old e-mails.
        link_version=F("link_version") + 1,
        **{f"billing_{name}": "" for name in BILLING_FIELDS},
    )
    if subject:
        _mail_links_to_attendees(order_ids)


def _mail_links_to_attendees(order_ids: list[int]) -> None:
    """E-mail the own link of each upcoming place whose attendee has not got one."""
    rows = Registration.objects.active().filter(
        order__in=order_ids, confirmed_at__isnull=False, event__ends_at__gt=timezone.now(), is_private=False
    )
    # Colleagues of a company's contact are invited by an e-mail with their link, as is whoever gets a place.
    first = rows.exclude(order__source=Order.Source.COMPANY_CONTACT).select_related("order").order_by("pk")
    ids = [row.pk for row in first if row.email and row.holder_number < 2 and not row.gets_own_confirmation]
    if ids:
        send_links_mail.enqueue([], ids)


def get_expired_orders(before: datetime.datetime) -> "QuerySet[Order]":
    """Return the unconfirmed orders from before `before` whose hold had ended then, without any money.

    Nothing was paid or invoiced for them, and none of their registrations or packages was ever confirmed or
    is held.
    """
    registrations = Registration.objects.filter(order=OuterRef("pk"))
    # An expired hold has no date any more once its place was released (`release_ticket_holds`).
    is_active = Q(confirmed_at__isnull=False) | Q(hold_expires_at__gte=before)
    packages = Sponsorship.objects.filter(order=OuterRef("pk"))
    money = [
        Exists(model.objects.filter(receivable__reference=OuterRef("reference")))
        for model in (Invoice, Payment)
    ]
    rows = Order.objects.filter(Exists(registrations), created_at__lt=before)
    return rows.exclude(Exists(registrations.filter(is_active)) | Exists(packages) | money[0] | money[1])
