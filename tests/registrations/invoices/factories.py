"""Factories of receivables and the issuer."""

import itertools

from registrations.invoices.ledger.charges import Buyer, ChargeItem, record_charges
from registrations.invoices.models import Issuer, Receivable

numbers = itertools.count(1)


def make_receivable(*charges: ChargeItem, **fields) -> Receivable:
    """Create a receivable of a company: 120 € with 20 % VAT by default."""
    number = next(numbers)
    buyer = {
        "name": f"Société {number}",
        "street": "1 quai des Serveurs",
        "postcode": "69002",
        "city": "Lyon",
        "siren": "542051180",
        "email": f"buyer{number}@example.org",
    }
    about = {
        name: fields.pop(name)
        for name in ("event", "subject", "service_from", "service_to")
        if name in fields
    }
    return record_charges(
        reference=fields.pop("reference", f"ORDER{number:03}"),
        buyer=Buyer(**{**buyer, **fields}),
        items=charges or [ChargeItem("guest", "Billet Invité", 12_000, 2000)],
        **about,
    )


def make_issuer(**fields) -> Issuer:
    values = {
        "legal_name": "Club des infrastructures",
        "legal_form": "Association loi 1901",
        "street": "12 rue de la Paix",
        "postcode": "75002",
        "city": "Paris",
        "siren": "732829320",
        "siret": "73282932000074",
        "vat_number": "FR44732829320",
        "iban": "FR1420041010050500013M02606",
        "bic": "PSSTFRPP",
        "email": "tresorerie@club.example",
    }
    return Issuer.objects.create(pk=1, **{**values, **fields})
