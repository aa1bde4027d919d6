"""Take something out of a programme for good."""

from django.db import transaction
from django.db.models import ProtectedError, RestrictedError
from django.utils.translation import gettext_lazy as _

from convention.audit.record import record
from convention.errors import ConventionError
from convention.events.models import Event

from .models import Session, Speaker, Track
from .revision import raise_revision


class StillNeeded(ConventionError):
    """Something hangs on it."""

    kind = "still-needed"
    status = 409


def remove(*, event: Event, part: Session | Track | Speaker) -> None:
    """Delete it; sessions lose their track or the speaker. Raises StillNeeded."""
    if isinstance(part, Session) and part.taken:
        raise StillNeeded(_("People have booked this session: cancel it instead, so that they see it."))
    try:
        with transaction.atomic():
            record(f"{part._meta.model_name}.remove", part, event=event)
            part.delete()
            raise_revision(event=event)
    except (ProtectedError, RestrictedError):
        raise StillNeeded(
            _("Scans or bookings hang on it, so it stays. Cancel or rename it instead.")
        ) from None
