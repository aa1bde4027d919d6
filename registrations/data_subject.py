"""Find the registrations of one person, their other addresses, and the invoice lines that name them."""

from collections.abc import Iterator
from typing import Any

from allauth.account.models import EmailAddress
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.utils.translation import ngettext

from convention.addresses import folded
from convention.club.models import Person
from convention.dates import say_day
from convention.personal import Subject, Words, written_to
from convention.text import filed

from .invoices.models import Invoice, Line, Receivable
from .invoices.owe import owner_of
from .invoices.privacy import billed_to, invoiced_to, last_day_by_law, listed
from .models import Order, Registration


def theirs(rows: "QuerySet[Any]", subject: Subject) -> "QuerySet[Any]":
    """Return the rows of their own places: an assistant's address may stand on somebody else's."""
    if not subject.person_id:
        return rows.filter(person__isnull=True)
    name = filed(f"{subject.person.last_name} {subject.person.first_name}")[:100]
    return rows.filter(Q(person=subject.person_id) | Q(person__isnull=True, sort_name__in={name, ""}))


def own_registrations(subject: Subject) -> "QuerySet[Any]":
    """Return their own registrations, with those that were merged with one of these."""
    named = written_to("email", subject)
    if subject.person_id:
        named |= Q(person=subject.person_id)
    own = theirs(Registration.objects.filter(named), subject)
    keys = set(own.order_by().values_list("pk", "merged_into"))
    both = {key for pair in keys for key in pair if key}
    return Registration.objects.filter(Q(pk__in=both) | Q(merged_into__in=both))


def other_addresses(subject: Subject) -> Iterator[str]:
    """Yield the addresses on their own registrations that nobody else uses.

    Such is one that the account had when they registered. An assistant's address may stand on several
    people's registrations, or be an account's: it is not theirs. Nor is what was written over the address
    since: anybody can type a stranger's into their own place, and what the club holds of the stranger would
    be shown and erased as theirs.
    """
    own = own_registrations(subject)
    keys = set(own.values_list("pk", flat=True))
    places = own.values_list("email", "issued_to")
    first = {folded(issued["email"] if issued else email) for email, issued in places}
    for address in sorted(first - subject.addresses - {""}):
        if not _is_anybody_elses(address, subject, keys):
            yield address


def _is_anybody_elses(address: str, subject: Subject, own: set[int]) -> bool:
    of_others = Registration.objects.alias(low=Lower("email")).filter(low=address).exclude(pk__in=own)
    ordered = Order.objects.alias(low=Lower("email")).filter(low=address)
    return (
        of_others.exists()
        or ordered.exclude(registrations__in=own).exists()
        or Person.objects.filter(email__iexact=address).exclude(pk=subject.person_id).exists()
        or EmailAddress.objects.filter(email__iexact=address).exclude(user=subject.person_id).exists()
    )


def orders_billed_to(subject: Subject) -> "QuerySet[Any]":
    """Return the orders of others, for a place of the subject, that are billed to the subject."""
    rows = Order.objects.filter(registrations__in=own_registrations(subject))
    return rows.filter(billed_to("billing_name", subject)).exclude(written_to("email", subject)).distinct()


def receivables_billed_to(subject: Subject) -> "QuerySet[Any]":
    """Return what is owed for orders of others for the subject, where it is billed to the subject."""
    orders = Order.objects.filter(registrations__in=own_registrations(subject)).values("reference")
    rows = Receivable.objects.filter(billed_to("name", subject), reference__in=orders)
    return rows.exclude(written_to("email", subject))


def lines_naming(subject: Subject) -> "QuerySet[Any]":
    """Return the lines of issued invoices for their own registrations, whoever the buyer is."""
    rows = own_registrations(subject).select_related("order")
    places = {row.reference: row.order.reference for row in rows}
    of_orders = Line.objects.filter(charge__receivable__reference__in=set(places.values()))
    lines = of_orders.order_by().values_list("pk", "charge__key")
    return Line.objects.filter(pk__in=[pk for pk, key in lines if owner_of(key) in places])


def invoices_naming(subject: Subject) -> Iterator[Words]:
    """Name the invoices of other buyers on whose lines the subject stands."""
    lines = lines_naming(subject).exclude(invoice__in=invoiced_to(subject))
    documents = list(Invoice.objects.filter(lines__in=lines).order_by("issued_on", "pk").distinct())
    if documents:
        yield ngettext(
            "Your name stays on the lines of invoice %(numbers)s, issued to someone else: the law requires "
            "the club to keep issued invoices for ten years, in this case until %(day)s.",
            "Your name stays on the lines of invoices %(numbers)s, issued to someone else: the law requires "
            "the club to keep issued invoices for ten years, in this case until %(day)s.",
            len(documents),
        ) % {"numbers": listed(documents), "day": say_day(last_day_by_law(documents))}
