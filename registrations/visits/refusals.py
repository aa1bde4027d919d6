"""What stands in the way of an act of a visit, in sentences."""

import datetime
from collections.abc import Iterable

from django.utils.translation import gettext as _

from convention.errors import Closed, ConventionError, Forbidden

from .deadline import closes_at
from .models import Visit


class NotReady(ConventionError):
    """Something has to be said or done first."""

    kind = "not-ready"
    status = 409

    def __init__(self, sentence: str = "") -> None:
        super().__init__(
            sentence or _("This visit has no ticket for members yet: say how many places it has.")
        )


class NotEligible(Forbidden):
    """Somebody may not come on this visit; the sentences say why."""

    kind = "not-eligible"

    def __init__(self, reasons: Iterable[str]) -> None:
        super().__init__(" ".join(reasons))


class Ended(ConventionError):
    """The application stands no more, or somebody was faster."""

    kind = "ended"
    status = 409


def refuse_called_off(visit: Visit) -> None:
    """Raises Closed for a visit that does not take place."""
    if visit.cancelled_at:
        raise Closed(_("This visit was called off."))


def refuse_not_open(visit: Visit, *, at: datetime.datetime) -> None:
    """Raises Closed where nobody may apply at that moment, and says why."""
    refuse_called_off(visit)
    if visit.agreed_at is None or visit.event.visibility == visit.event.Visibility.DRAFT:
        raise Closed(_("This visit is not open to members yet."))
    if closes_at(visit) <= at:
        raise Closed(_("Applications are closed: the list of visitors is being settled with the host."))
