"""Find a receivable by its reference; higher layers register where to look (`hooks.receivable_sources`)."""

from django.utils.translation import gettext as _

from convention import hooks
from convention.errors import NotFound

from .models import Receivable


def receivable_for(reference: str) -> Receivable:
    """The receivable of that reference: from the first source that knows it, corrected; else as stored.

    A source (`hooks.receivable_sources`) takes a reference and gives a Receivable or None. Raises NotFound.
    """
    wanted = reference.strip()
    for find_receivable in hooks.receivable_sources.providers():
        if made := find_receivable(wanted):
            return made
    rows = Receivable.objects.select_related("event")
    if found := rows.filter(reference__iexact=wanted).first():
        return found
    raise NotFound(_("Nothing is owed under the reference “%(reference)s”.") % {"reference": wanted[:60]})
