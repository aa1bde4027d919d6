"""Find a person's registrations, their other addresses, and invoice lines that name them."""

import datetime
from collections.abc import Collection, Iterator
from typing import Any

from allauth.account.models import EmailAddress
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.utils.translation import ngettext

from convention.club.models import Person
from convention.personal_data import DataSubject, TranslatableText, has_address_in_column
from convention.text.dates import format_date
from convention.text.email_addresses import normalize_email
from convention.text.normalize import name_search_key

from .invoices.ledger.charges import get_key_owner
from .invoices.models.documents import Invoice, InvoiceLine, Receivable
from .invoices.privacy import (
    build_billed_name_condition,
    compute_retention_end,
    find_invoices_billed_to,
    join_invoice_numbers,
)
from .models import Order, Registration


def filter_own_rows(rows: "QuerySet[Any]", subject: DataSubject) -> "QuerySet[Any]":
    """Return the rows about the subject: an assistant's address may be on another person's registration."""
    if not subject.person_id:
        return rows.filter(person__isnull=True)
    name = name_search_key(f"{subject.person.last_name} {subject.person.first_name}")[:100]
    # A place without a name belongs to its address.
    return rows.filter(Q(person=subject.person_id) | Q(person__isnull=True, sort_name__in={name, ""}))


def find_own_registrations(subject: DataSubject) -> "QuerySet[Any]":
    """Return the subject's registrations, including those merged into them or that they were merged into."""
    is_named = has_address_in_column("email", subject)
    if subject.person_id:
        is_named |= Q(person=subject.person_id)
    own = filter_own_rows(Registration.objects.filter(is_named), subject)
    keys = set(own.order_by().values_list("pk", "merged_into"))
    # Both directions: a merged duplicate may carry another spelling of the name, or another address.
    merged_ids = {key for pair in keys for key in pair if key}
    return Registration.objects.filter(Q(pk__in=merged_ids) | Q(merged_into__in=merged_ids))


def find_other_addresses(subject: DataSubject) -> Iterator[str]:
    """Yield the addresses on the subject's registrations that nobody else uses.

    Only the address that a registration had when it was made counts. An address on several people's
    registrations, or of another account, is not the subject's. Nor is one that was typed later: anybody can
    type a stranger's into their own registration, and the stranger's data would be shown and erased.
    """
    own = find_own_registrations(subject)
    keys = set(own.values_list("pk", flat=True))
    places = own.values_list("email", "issued_to")
    # `issued_to` has the address before the first correction.
    first = {normalize_email(issued["email"] if issued else email) for email, issued in places}
    for address in sorted(first - subject.addresses - {""}):
        if not _is_used_by_others(address, subject, keys):
            yield address


def _is_used_by_others(address: str, subject: DataSubject, own_ids: set[int]) -> bool:
    other_registrations = (
        Registration.objects.alias(low=Lower("email")).filter(low=address).exclude(pk__in=own_ids)
    )
    orders = Order.objects.alias(low=Lower("email")).filter(low=address)
    return (
        other_registrations.exists()
        or orders.exclude(registrations__in=own_ids).exists()
        or Person.objects.filter(email__iexact=address).exclude(pk=subject.person_id).exists()
        or EmailAddress.objects.filter(email__iexact=address).exclude(user=subject.person_id).exists()
    )


def find_orders_billed_to(subject: DataSubject) -> "QuerySet[Any]":
    """Return orders of other people for the subject that are billed to the subject."""
    rows = Order.objects.filter(registrations__in=find_own_registrations(subject))
    return (
        rows.filter(build_billed_name_condition("billing_name", subject))
        .exclude(has_address_in_column("email", subject))
        .distinct()
    )


def find_receivables_billed_to(subject: DataSubject) -> "QuerySet[Any]":
    """Return receivables of other people's orders for the subject that are billed to the subject."""
    orders = Order.objects.filter(registrations__in=find_own_registrations(subject)).values("reference")
    rows = Receivable.objects.filter(build_billed_name_condition("name", subject), reference__in=orders)
    return rows.exclude(has_address_in_column("email", subject))


def find_invoice_lines_naming(subject: DataSubject) -> "QuerySet[Any]":
    """Return the lines of issued invoices for the subject's registrations, for any buyer."""
    rows = find_own_registrations(subject).select_related("order")
    order_references = {row.reference: row.order.reference for row in rows}
    of_orders = InvoiceLine.objects.filter(charge__receivable__reference__in=set(order_references.values()))
    lines = of_orders.order_by().values_list("pk", "charge__key")
    return InvoiceLine.objects.filter(
        pk__in=[pk for pk, key in lines if get_key_owner(key) in order_references]
    )


def describe_invoices_naming(subject: DataSubject) -> Iterator[TranslatableText]:
    """Yield a sentence about invoices to other buyers whose lines name the subject."""
    lines = find_invoice_lines_naming(subject).exclude(invoice__in=find_invoices_billed_to(subject))
    documents = list(Invoice.objects.filter(lines__in=lines).order_by("issued_on", "pk").distinct())
    if documents:
        yield ngettext(
            "Your name stays on the lines of invoice %(numbers)s, issued to someone else: the law requires "
            "the club to keep issued invoices for ten years, in this case until %(day)s.",
            "Your name stays on the lines of invoices %(numbers)s, issued to someone else: the law requires "
            "the club to keep issued invoices for ten years, in this case until %(day)s.",
            len(documents),
        ) % {
            "numbers": join_invoice_numbers(documents),
            "day": format_date(compute_retention_end(document.issued_on for document in documents)),
        }


def find_people_registered_since(people: Collection[int], since: datetime.datetime) -> set[int]:
    """Return those of these people who have a registration created at `since` or later."""
    places = Registration.objects.filter(person__in=people, created_at__gte=since)
    return {person for person in places.values_list("person", flat=True) if person}
