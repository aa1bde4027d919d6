"""Plain makers of what is owed."""

import itertools

from registrations.invoices.models import Receivable
from registrations.invoices.owe import Buyer, Owed, owe

numbers = itertools.count(1)


def make_receivable(*charges: Owed, **fields) -> Receivable:
    """A company that owes 120 € with VAT at 20 %, or these charges."""
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
    return owe(
        reference=fields.pop("reference", f"ORDER{number:03}"),
        buyer=Buyer(**{**buyer, **fields}),
        charges=charges or [Owed("guest", "Billet Invité", 12_000, 2000)],
        **about,
    )
