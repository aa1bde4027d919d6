"""Where receivables come from: what stands above this app names its own in the settings, by dotted path."""

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from convention.errors import NotFound

from .models import Receivable


def receivable_for(reference: str) -> Receivable:
    """The receivable of that reference: from the first source that knows it, corrected; else as stored.

    A source (settings.RECEIVABLE_SOURCES) takes a reference and gives a Receivable or None. Raises NotFound.
    """
    wanted = reference.strip()
    for path in settings.RECEIVABLE_SOURCES:
        if made := import_string(path)(wanted):
            return made
    rows = Receivable.objects.select_related("event")
    if found := rows.filter(reference__iexact=wanted).first():
        return found
    raise NotFound(_("Nothing is owed under the reference “%(reference)s”.") % {"reference": wanted[:60]})
