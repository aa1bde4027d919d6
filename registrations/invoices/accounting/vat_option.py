"""Compute what another option of VAT (on collection or on debits) changes for money received already."""

import datetime
from collections import defaultdict
from dataclasses import dataclass

from django.utils import timezone

from registrations.invoices.ledger.receivable_history import iter_histories
from registrations.invoices.models import Issuer

from .vat_report import iter_vat_movements


@dataclass(frozen=True)
class VatOptionEffect:
    """The VAT in cents that becomes due by another option, negative where it is no longer due.

    That of the closed period is booked on the first open day; `open_months` are the changes of the open
    months, by their first days.
    """

    closed_cents: int
    open_months: dict[datetime.date, int]

    @property
    def is_empty(self) -> bool:
        return not self.closed_cents and not self.open_months


def compute_vat_option_effect(issuer: Issuer, *, vat_due: str) -> VatOptionEffect:
    """Return what changes if the saved issuer changes to `vat_due`.

    Invoiced amounts keep the option of their invoice: only money received before its invoice counts.
    """
    closed_cents = 0
    months: dict[datetime.date, int] = defaultdict(int)
    for history in iter_histories(until=timezone.localdate()):
        for option, sign in ((vat_due, 1), (issuer.vat_due, -1)):
            for movement in iter_vat_movements([history], vat_due=option):
                if issuer.closed_until and movement.due_on <= issuer.closed_until:
                    closed_cents += sign * movement.vat_cents
                else:
                    months[movement.due_on.replace(day=1)] += sign * movement.vat_cents
    return VatOptionEffect(closed_cents, {month: cents for month, cents in sorted(months.items()) if cents})
