"""Check, under the lock of the current draft, the rows that a session is about to reference."""

from collections.abc import Mapping
from typing import Final

from django.db.models import Model
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from convention.errors import InvalidFields
from schedule.models import Session

REFERENCE_NOT_FOUND_MESSAGES: Final[Mapping[str, Promise]] = {
    "track": _("This track was not found; it may have been deleted."),
    "room": _("This room was not found; it may have been deleted."),
    "follows": _("This session was not found; it may have been deleted."),
}


def check_related_rows(session: Session, values: Mapping[str, object]) -> None:
    """Refuse a track, a room or a session that was removed since it was chosen, and cycles of sessions.

    Removals take the lock, too; without this check the database would refuse the row when it commits.
    Raise InvalidFields.
    """
    errors = {
        name: [str(sentence)]
        for name, sentence in REFERENCE_NOT_FOUND_MESSAGES.items()
        if not is_stored(values.get(name))
    }
    previous = values.get("follows")
    if not errors and isinstance(previous, Session):
        pairs = session.event.sessions.exclude(follows=None).values_list("pk", "follows")
        if has_cycle({**dict(pairs), session.pk: previous.pk}, session.pk):
            sentence = _("These sessions would follow each other in a circle. Choose another one.")
            errors["follows"] = [str(sentence)]
    if errors:
        raise InvalidFields(_("Some fields need to be corrected."), errors)


def is_stored(row: object) -> bool:
    """Return whether a row still exists; true for None."""
    return not isinstance(row, Model) or type(row)._default_manager.filter(pk=row.pk).exists()


def has_cycle(previous: Mapping[int, int], start: int) -> bool:
    """Return whether following previous sessions from `start` leads back to it."""
    seen: set[int] = set()
    current = previous.get(start)
    # Sessions stored before this check may form a cycle that does not contain the start.
    while current is not None and current not in seen:
        seen.add(current)
        current = previous.get(current)
    return start in seen
