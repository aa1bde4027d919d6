"""Dues of memberships: which are still to be invoiced, and the receivable that is proposed for them."""

import datetime
from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import F, Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.club.companies import list_parent_companies
from convention.club.models import Company, Membership
from convention.club.periods import spans_overlap
from convention.text.normalize import casefold_text
from registrations.invoices.ledger.charges import Buyer, ChargeItem
from registrations.invoices.ledger.manual_charges import (
    MANUAL_KEY_PREFIX,
    derive_manual_reference,
    record_manual_charges,
)
from registrations.invoices.models import Issuer, Receivable
from registrations.invoices.reverse_charge import TaxedPrice, apply_reverse_charge

# Dues are recorded at most so long before the membership begins.
MAX_LEAD_TIME = datetime.timedelta(days=90)


def make_membership_key(membership: Membership) -> str:
    """Return the idempotency key of the receivable of the dues: there is one for each membership."""
    return _make_key(membership.pk)


def _make_key(membership_id: int) -> str:
    return f"membership-{membership_id}"


def find_dues_receivable(membership: Membership) -> Receivable | None:
    reference = derive_manual_reference(make_membership_key(membership))
    return Receivable.objects.filter(reference=reference).first()


def find_invoiced_memberships(memberships: Collection[int]) -> set[int]:
    """Return the ids of those of these memberships whose dues have a receivable."""
    references = {derive_manual_reference(_make_key(pk)): pk for pk in memberships}
    invoiced = Receivable.objects.filter(reference__in=references).values_list("reference", flat=True)
    return {references[reference] for reference in invoiced}


def list_memberships_to_invoice(*, today: datetime.date) -> list[Membership]:
    """Return the confirmed memberships with dues that have not ended and have no receivable.

    A receivable that was entered by hand counts for one membership of the company with these dues.
    """
    is_current = Q(ends_on__isnull=True) | Q(ends_on__gte=today)
    was_not_left = Q(left_on__isnull=True) | Q(left_on__gt=today)
    has_dues = Q(dues_cents__gt=0) | Q(extra_seats__gt=0, extra_seat_price_cents__gt=0)
    rows = Membership.objects.filter(is_current, was_not_left, has_dues, confirmed_on__isnull=False)
    memberships = list(rows.select_related("company").order_by(F("starts_on").asc(), "pk"))
    references = {derive_manual_reference(make_membership_key(row)): row for row in memberships}
    recorded = set(Receivable.objects.filter(reference__in=references).values_list("reference", flat=True))
    unrecorded = [row for reference, row in references.items() if reference not in recorded]
    return _exclude_recorded_by_hand(unrecorded, proposed_references=set(references))


def _exclude_recorded_by_hand(
    memberships: list[Membership], *, proposed_references: Iterable[str]
) -> list[Membership]:
    """Return the memberships for which no other receivable has the company, the amount and the period."""
    if not memberships:
        return []
    earliest = min(row.starts_on for row in memberships) - MAX_LEAD_TIME
    rows = Receivable.objects.filter(event=None, created_at__date__gte=earliest).order_by("pk")
    unused = list(rows.exclude(reference__in=proposed_references).with_balance())
    issuer, remaining = Issuer.get_current(), []
    for membership in memberships:
        dues = sum_dues(membership, issuer=issuer)
        match = next((row for row in unused if _is_for_dues(row, membership, dues)), None)
        if match is None:
            remaining.append(membership)
        else:
            unused.remove(match)
    return remaining


def _is_for_dues(receivable: Any, membership: Membership, dues: int) -> bool:
    """Return whether a receivable with its balance seems to be for these dues of the membership, in cents."""
    if (receivable.amount_owed, receivable.currency) != (dues, membership.currency):
        return False
    company = membership.company
    has_siren = bool(company.siren) and receivable.siren == company.siren
    if not has_siren and casefold_text(receivable.name) != casefold_text(company.name):
        return False
    first_day, last_day = membership.span
    if receivable.service_from:
        return spans_overlap((receivable.service_from, receivable.service_to), (first_day, last_day))
    # Without a period it is judged by the day on which it was recorded.
    recorded_on = timezone.localdate(receivable.created_at)
    return spans_overlap((recorded_on, recorded_on), (first_day - MAX_LEAD_TIME, last_day))


def find_company(text: str) -> Company | None:
    """Return the company of the directory with this name, or with this SIREN, or the one it merged into."""
    name = " ".join(text.split())
    rows = Company.objects.filter(Q(name__iexact=name) | Q(siren=name.replace(" ", "")) & ~Q(siren=""))
    company = rows.first() if name else None
    if company is None or not company.is_merged:
        return company
    return next((parent for parent in list_parent_companies(company) if not parent.is_merged), None)


def make_company_buyer(company: Company) -> dict[str, str]:
    """Return the company's details, and the address of a contact, as initial data of the buyer's form."""
    names = ("name", "street", "postcode", "city", "country", "siren", "vat_number")
    contacts = company.contacts.open().filter(person__is_active=True).exclude(person__email=None)
    contact = contacts.select_related("person").order_by("starts_on", "pk").first()
    email = contact.person.email or "" if contact else ""
    return {**{name: getattr(company, name) for name in names}, "email": email}


def make_dues_subject(membership: Membership) -> dict[str, Any]:
    """Return buyer, subject and period of the dues as initial data of the form."""
    contact = membership.billing_contact
    return {
        **make_company_buyer(membership.company),
        **({"email": contact.email} if contact and contact.email else {}),
        "subject": _("Membership: %(plan)s") % {"plan": membership.title},
        "service_from": membership.starts_on,
        "service_to": membership.agreed_last_day,
    }


def record_dues(membership: Membership) -> Receivable:
    """Create the receivable of the dues, as the form would without a change. Raise InvalidCharge."""
    issuer = Issuer.get_current()
    # Stored and printed on the invoice, whose language is the buyer's.
    with translation.override(Buyer.language):
        values, lines = make_dues_subject(membership), list_dues_lines(membership, issuer=issuer)
    subject = {name: values.pop(name) for name in ("subject", "service_from", "service_to")}
    items = []
    for number, line in enumerate(lines, start=1):
        rate, _colon, exemption = line["tax"].partition(":")
        items.append(
            ChargeItem(
                key=f"{MANUAL_KEY_PREFIX}{number}",
                description=line["description"],
                unit_price=line["price"],
                vat_rate=int(rate),
                quantity=line["quantity"],
                exemption=exemption,
            )
        )
    return record_manual_charges(
        idempotency_key=make_membership_key(membership),
        buyer=Buyer(**values),
        items=items,
        currency=membership.currency,
        **subject,
    )


def sum_dues(membership: Membership, *, issuer: Issuer | None) -> int:
    """Return the dues with the extra seats in cents; without VAT where the company declares it."""
    return sum(line["quantity"] * line["price"] for line in list_dues_lines(membership, issuer=issuer))


def list_dues_lines(membership: Membership, *, issuer: Issuer | None) -> list[dict[str, Any]]:
    """Return the dues and the extra seats as initial lines of the form."""
    lines = [
        (_("Membership: %(plan)s") % {"plan": membership.title}, 1, membership.dues_cents),
        (_("Extra seats"), membership.extra_seats, membership.extra_seat_price_cents),
    ]
    prices = [(text, quantity, _tax_dues(membership, cents, issuer)) for text, quantity, cents in lines]
    return [
        {
            "description": text,
            "quantity": quantity,
            "price": price.cents,
            "tax": f"{price.vat_rate}:{price.exemption}",
        }
        for text, quantity, price in prices
        if quantity * price.cents
    ]


def _tax_dues(membership: Membership, cents: int, issuer: Issuer | None) -> TaxedPrice:
    company, exemption = membership.company, "" if membership.vat_rate else membership.exemption
    price = TaxedPrice(cents, membership.vat_rate, exemption)
    return apply_reverse_charge(price, issuer=issuer, country=company.country, vat_number=company.vat_number)
