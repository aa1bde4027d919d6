"""How long a phone may keep the evacuation list of a visit."""

import datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from convention.events.models import Event

AFTER: Final = datetime.timedelta(hours=6)


def kept_until(event: "Event") -> datetime.datetime:
    """Some hours after the visit: then the phone forgets the names by itself."""
    return event.ends_at + AFTER
