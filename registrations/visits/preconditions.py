"""Errors and checks that are common to actions on visits."""

import datetime
from collections.abc import Iterable
from enum import Enum

from django.utils.translation import gettext as _

from convention.errors import ConventionError, Forbidden, NotOpenNow

from .models import Visit


class ApplicationChannel(Enum):
    """The sender of an application: the member, or an organizer in the member's place."""

    MEMBER = "member"
    ORGANIZER = "organizer"


class VisitNotReady(ConventionError):
    """Something has to be filled in or decided first."""

    kind = "not-ready"
    status = 409

    def __init__(self, sentence: str = "") -> None:
        super().__init__(
            sentence or _("This visit has no ticket for members yet. Enter the number of places.")
        )


class NotEligible(Forbidden):
    """The person may not come on this visit; the message gives the reasons."""

    kind = "not-eligible"

    def __init__(self, reasons: Iterable[str]) -> None:
        super().__init__(" ".join(reasons))


class ApplicationEnded(ConventionError):
    """The application has ended, possibly by a concurrent action."""

    kind = "ended"
    status = 409


def check_not_cancelled(visit: Visit) -> None:
    """Raise NotOpenNow for a cancelled visit."""
    if visit.cancelled_at:
        raise NotOpenNow(_("This visit was called off."))


def check_applications_open(
    visit: Visit, *, at: datetime.datetime, channel: ApplicationChannel = ApplicationChannel.MEMBER
) -> None:
    """Raise NotOpenNow, with the reason, if nobody may apply at `at`.

    Organizers add applications until the lock, also after members can no longer apply.
    """
    check_not_cancelled(visit)
    if visit.agreed_at is None or visit.event.visibility == visit.event.Visibility.DRAFT:
        raise NotOpenNow(_("This visit is not open to members yet."))
    is_by_organizer = channel is ApplicationChannel.ORGANIZER
    if (visit.locks_at if is_by_organizer else visit.applications_close_at) <= at:
        raise NotOpenNow(_("Applications are closed: the list of visitors is being agreed with the host."))


def lock_visit_row(visit: Visit) -> Visit:
    """Return the visit, locked until the end of the transaction. Raise NotOpenNow if it was cancelled."""
    # Only the visit row: locking the joined event too would make every booking of the event wait.
    rows = Visit.objects.select_for_update(of=("self",)).select_related("event__host")
    locked = rows.get(pk=visit.pk)
    # Checked on the locked row: the instance of the caller may be older than a cancellation.
    check_not_cancelled(locked)
    return locked


def has_begun(visit: Visit, *, at: datetime.datetime) -> bool:
    """Return whether the visit has begun: from then on the gate decides who enters."""
    return visit.event.starts_at <= at
