"""Look up a receivable by reference. Other packages register sources, such as orders, through a hook."""

from django.utils.translation import gettext as _

from convention import hooks
from convention.errors import NotFound
from registrations.invoices.models import Receivable


def get_receivable(reference: str) -> Receivable:
    """Return the receivable of a reference. Raise NotFound.

    Sources registered with `hooks.receivable_sources` come first; they sync the receivable with its order.
    If none knows the reference, the stored row is returned.
    """
    clean_reference = reference.strip()
    for find_receivable in hooks.receivable_sources.providers():
        if receivable := find_receivable(clean_reference):
            return receivable
    rows = Receivable.objects.select_related("event")
    # References are read out and typed by hand, in any case.
    if stored := rows.filter(reference__iexact=clean_reference).first():
        return stored
    raise NotFound(
        _("There is nothing due under the reference “%(reference)s”.") % {"reference": clean_reference[:60]}
    )
