"""Check, under the lock of the current draft, the rows that a session is about to reference."""

from collections.abc import Mapping
from typing import Final

from django.db.models import Model
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from convention.errors import InvalidFields

REMOVED_SENTENCES: Final[Mapping[str, Promise]] = {
    "track": _("This track was not found; it may have been deleted."),
    "room": _("This room was not found; it may have been deleted."),
    "follows": _("This session was not found; it may have been deleted."),
}


def check_related_rows(values: Mapping[str, object]) -> None:
    """Refuse a track, a room or a session that was removed since it was chosen. Raise InvalidFields.

    Removals take the lock, too; without this check the database would refuse the row when it commits.
    """
    errors = {
        name: [str(sentence)]
        for name, sentence in REMOVED_SENTENCES.items()
        if not is_stored(values.get(name))
    }
    if errors:
        raise InvalidFields(_("Some fields need to be corrected."), errors)


def is_stored(row: object) -> bool:
    """Return whether a row still exists; None does."""
    return not isinstance(row, Model) or type(row)._default_manager.filter(pk=row.pk).exists()
