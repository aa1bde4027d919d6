"""Say who invoices from now on; what was issued keeps who invoiced then."""

from django.db import transaction

from convention.audit.record import record

from .models import Issuer


@transaction.atomic
def change_issuer(*, issuer: Issuer, fields: list[str]) -> None:
    """Keep the issuer, checked already; the trail names what changed."""
    Issuer.objects.bulk_create([issuer], ignore_conflicts=True)
    issuer._state.adding = False
    issuer.save()
    record("issuer.change", issuer, fields=fields)
