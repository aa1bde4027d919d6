"""Void the badge that is out and let another one be printed, for the same attendee.

The attendee's own link stays valid: it depends on how many people held the place, not on the badges printed.
"""

from django.db import transaction
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.errors import NotOpenNow
from convention.events.sequence import advance_sequence
from registrations.models import Registration


@transaction.atomic
def reissue_badge(*, registration: Registration, reason: str) -> Registration:
    """Raise the badge version, which voids the badge that is out; return the registration.

    `reason` goes into the audit trail. Raise NotOpenNow if the registration has no valid badge.
    """
    rows = Registration.objects.select_related("event", "ticket", "order")
    registration = rows.select_for_update(of=("self",), no_key=True).get(pk=registration.pk)
    if registration.state != Registration.State.CONFIRMED:
        raise NotOpenNow(_("Only confirmed registrations have a badge."))
    registration.badge_version += 1
    registration.reissue_count += 1
    record_action(
        "badge.reissue", registration, event=registration.event, fields=["badge_version"], reason=reason
    )
    registration.sequence = advance_sequence(registration.event_id)
    registration.save(update_fields=["badge_version", "reissue_count", "sequence"])
    return registration
