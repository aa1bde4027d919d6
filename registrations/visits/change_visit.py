"""Change the facts of a visit, and how many places it has."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.errors import InvalidFields

from ..models import Ticket
from ..tickets import save_ticket
from .deadline import lock_moment, locks_at
from .models import Visit

OF_TICKET = ("capacity", "company_cap")


@transaction.atomic
def change_visit(*, visit: Visit, ticket: Ticket, changed: list[str]) -> Visit:
    """Keep what was changed of a visit and of its ticket; more places go to those who wait at once.

    Raises InvalidFields for fewer places than are taken, or for another deadline once the list is locked or
    by which it would be locked at once.
    """
    stored = Visit.objects.select_for_update(of=("self",)).get(pk=visit.pk)
    if stored.locked_at and "list_days" in changed:
        sentence = _("The list is locked already: its day cannot be moved any more.")
        raise InvalidFields(_("Some fields need another look."), {"list_days": [sentence]})
    if "list_days" in changed:
        _refuse_at_once(stored, visit.list_days)
    own = [name for name in changed if name not in OF_TICKET]
    if own:
        visit.save(update_fields=own)
        record("visit.change", visit, event=visit.event, fields=own)
    of_ticket = [name for name in changed if name in OF_TICKET]
    if of_ticket or ticket.pk is None:  # somebody may have removed the ticket that nobody had
        save_ticket(ticket=ticket, changed=of_ticket)
    return visit


def _refuse_at_once(stored: Visit, days: int) -> None:
    """Raises InvalidFields where members know of the visit and so many days would lock it at once."""
    event, now = stored.event, timezone.now()
    if stored.state not in (Visit.State.PUBLISHED, Visit.State.CLOSED):
        return
    if lock_moment(event.starts_at, event.zone, days) <= now < locks_at(stored):
        sentence = _("The list would be locked at once: choose fewer days, or lock it by hand.")
        raise InvalidFields(_("Some fields need another look."), {"list_days": [sentence]})
