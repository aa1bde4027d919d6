"""Resize: another number of places, never fewer than are taken."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.counters import Counted
from convention.errors import InvalidFields


def resize(row: Counted) -> None:
    """Set the places by one conditional statement, since someone may be taking one right now.

    Raises InvalidFields for too few places.
    """
    same = type(row)._default_manager.filter(pk=row.pk)
    fits = same if row.capacity is None else same.filter(taken__lte=row.capacity)
    if not fits.update(capacity=row.capacity):
        refuse_fewer(same.get().taken)


def refuse_fewer(taken: int) -> None:
    """Raises InvalidFields: so many are taken."""
    sentence = ngettext(
        "%(taken)d place is taken already; there cannot be fewer.",
        "%(taken)d places are taken already; there cannot be fewer.",
        taken,
    )
    raise InvalidFields(_("Some fields need another look."), {"capacity": [sentence % {"taken": taken}]})
