"""Remember who has the board of a draft open."""

import time
from typing import Final

from convention.club.models import Person
from convention.web.rate_limit_cache import limits_cache
from schedule.models import ScheduleDraft

PRESENCE_SECONDS: Final = 30


def record_presence(draft: ScheduleDraft, person: Person) -> list[str]:
    """Remember that this person looks at the board now, and return the names of the others who do.

    Two records at the same moment may lose one of them; the next poll restores it.
    """
    # Not in the page cache, which may be local to a process: editors would appear and disappear.
    key, now = f"board-editors-{draft.pk}", time.time()
    found: dict[str, tuple[str, float]] = limits_cache.get(key) or {}
    editors = {pk: entry for pk, entry in found.items() if now - entry[1] < PRESENCE_SECONDS}
    editors[str(person.pk)] = (get_editor_name(person), now)
    limits_cache.set(key, editors, PRESENCE_SECONDS)
    return sorted(name for pk, (name, _at) in editors.items() if pk != str(person.pk))


def get_editor_name(person: Person | None) -> str:
    """Return a name for the other editors; an address only if the person has no name."""
    return person.name or person.email or "" if person else ""
