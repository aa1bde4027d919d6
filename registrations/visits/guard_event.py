"""What may not be changed of the event of a visit: its kind, and its end once the host is to know people."""

from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _

from convention.events.models import Event

from .doors import may_read_identities
from .models import Identity, Visit

if TYPE_CHECKING:
    from convention.club.doors import Visitor


def guard_event(stored: Event, event: Event, person: "Visitor") -> dict[str, list[str]]:
    """What speaks against keeping the event so, by field; nothing where it has no visit."""
    visit = Visit.objects.filter(event=stored).first()
    if visit is None:
        return {}
    found = {}
    if event.kind != stored.kind:
        found["kind"] = [_("This event is a visit with its own rules: its kind stays as it is.")]
    if event.ends_at > stored.ends_at and _is_known(visit) and not may_read_identities(person, visit):
        found["ends_at"] = [
            _(
                "What visitors told the host is removed seven days after the end: only the club’s secretary "
                "may move the end to a later moment now."
            )
        ]
    if event.ends_at <= timezone.now() < stored.ends_at and _is_known(visit):
        found["ends_at"] = [
            _(
                "This end is past: what visitors told the host would be removed for good. Check the date; a "
                "visit that does not take place is called off on its own page."
            )
        ]
    return found


def _is_known(visit: Visit) -> bool:
    """Whether the list is locked, or somebody has said who they are."""
    return visit.locked_at is not None or Identity.objects.filter(application__visit=visit).exists()
