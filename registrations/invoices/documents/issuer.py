"""Change the issuer. Documents already issued keep their own snapshot of it."""

from django.db import transaction
from django.utils import timezone

from convention.audit.record import record_action
from registrations.invoices.models import Issuer


@transaction.atomic
def save_issuer(*, issuer: Issuer, changed_fields: list[str]) -> None:
    """Save a validated issuer and record the changed fields in the audit trail.

    Automatic issuing applies to amounts owed after it was chosen; choosing another time of issue restarts it.
    """
    # Locked: "closed_until" is written back below.
    stored = Issuer.objects.select_for_update().filter(pk=1).first()
    # A period may have been closed while the form was open.
    issuer.closed_until = stored.closed_until if stored else None
    if issuer.issues_on == Issuer.IssueTime.BY_HAND:
        issuer.issues_since = None
    elif issuer.issues_since is None or (stored and stored.issues_on != issuer.issues_on):
        issuer.issues_since = timezone.now()
    # Creates the single row if it is missing, without a race against another administrator.
    Issuer.objects.bulk_create([issuer], ignore_conflicts=True)
    # The row exists by now, so that `save` updates it.
    issuer._state.adding = False
    issuer.save()
    record_action("issuer.change", issuer, fields=changed_fields)
