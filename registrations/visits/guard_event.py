"""What may not be changed of the event of a visit: its kind, when it is beyond reason, and its end once the
host is to know people.
"""

import datetime
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _

from convention.events.models import Event

from .deadline import lock_moment
from .doors import may_read_identities
from .models import Identity, Visit
from .odd_dates import When, about_length, about_new_dates
from .purge import KEPT

if TYPE_CHECKING:
    from convention.club.doors import Visitor


def guard_event(stored: Event, event: Event, person: "Visitor") -> dict[str, list[str]]:
    """What speaks against keeping the event so, by field; nothing where it has no visit."""
    visit = Visit.objects.filter(event=stored).first()
    if visit is None:
        return {}
    visit.event = stored
    found = _odd_dates(visit, stored, event)
    if event.kind != stored.kind:
        found["kind"] = [_("This event is a visit with its own rules: its kind stays as it is.")]
    if event.ends_at > stored.ends_at and _is_known(visit) and not may_read_identities(person, visit):
        found["ends_at"] = [
            _(
                "What visitors told the host is removed seven days after the end: only the club’s secretary "
                "may move the end to a later moment now."
            )
        ]
    if event.ends_at + KEPT <= timezone.now() < stored.ends_at and _is_known(visit):
        found["ends_at"] = [
            _(
                "This end is past: what visitors told the host would be removed for good. Check the date; a "
                "visit that does not take place is called off on its own page."
            )
        ]
    return found


def _odd_dates(visit: Visit, stored: Event, event: Event) -> dict[str, list[str]]:
    """What is odd about other dates; whoever leaves them as they are may change the rest."""
    if visit.cancelled_at or _to_the_minute(event) == _to_the_minute(stored):
        return {}
    if visit.state in (Visit.State.DRAFT, Visit.State.AGREED):
        sentence = about_length(event.starts_at, event.ends_at)
        return {"ends_at": [sentence]} if sentence else {}
    return about_new_dates(_when(visit, stored), _when(visit, event), now=timezone.now())


def _to_the_minute(event: Event) -> list[datetime.datetime]:
    """Start and end as a form says them."""
    moments = (event.starts_at, event.ends_at)
    return [moment.astimezone(datetime.UTC).replace(second=0, microsecond=0) for moment in moments]


def _when(visit: Visit, event: Event) -> When:
    locks = lock_moment(event.starts_at, event.zone, visit.list_days)
    return When(event.starts_at, event.ends_at, locks, visit.locked_at)


def _is_known(visit: Visit) -> bool:
    """Whether the list is locked, or somebody has said who they are."""
    return visit.locked_at is not None or Identity.objects.filter(application__visit=visit).exists()
