"""Change the facts of a visit and the number of its places."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.errors import InvalidFields
from registrations.models import CompanyShare, Ticket
from registrations.ticketing.tickets import save_ticket
from registrations.visits.dates import compute_lock_time
from registrations.visits.models import HostContact, Visit

TICKET_FIELDS = ("capacity", "company_cap")


@transaction.atomic
def change_visit(*, visit: Visit, ticket: Ticket, changed: list[str]) -> Visit:
    """Save the fields of a visit and of its ticket named in `changed`; new places go to the waiting list.

    Raise InvalidFields for fewer places than are taken, or for a lock deadline that can no longer move or
    would lock the list at once.
    """
    # The form's instance has the new values; only the locked row tells whether the list is locked already.
    stored = Visit.objects.select_for_update(of=("self",)).get(pk=visit.pk)
    if stored.locked_at and "lock_working_days" in changed:
        sentence = _("The list is already locked, so its date can no longer be changed.")
        raise InvalidFields(_("Some fields need to be corrected."), {"lock_working_days": [sentence]})
    if "lock_working_days" in changed:
        _check_not_locked_at_once(stored, visit.lock_working_days)
    visit_fields = [name for name in changed if name not in TICKET_FIELDS]
    if visit_fields:
        # Only the changed columns, so that a step taken meanwhile (locked, sent) is not undone.
        visit.save(update_fields=visit_fields)
        record_action("visit.change", visit, event=visit.event, fields=visit_fields)
    ticket_fields = [name for name in changed if name in TICKET_FIELDS]
    # A ticket without registrations can be deleted by its organizers; the form then builds a new one.
    if ticket_fields or ticket.pk is None:
        save_ticket(ticket=ticket, changed=ticket_fields)
    return visit


def list_companies_above_cap(ticket: Ticket) -> list[str]:
    """Return the names of the companies with more places than the ticket now allows for each."""
    if ticket.company_cap is None:
        return []
    shares = CompanyShare.objects.filter(ticket=ticket, reserved__gt=ticket.company_cap)
    return [str(share.company) for share in shares.select_related("company").order_by("company__sort_name")]


def _check_not_locked_at_once(stored: Visit, working_days: int) -> None:
    """Raise InvalidFields if the new deadline of a published visit has already passed."""
    event, now = stored.event, timezone.now()
    # Drafts are not locked by the job, so their deadline may have passed.
    if stored.state not in (Visit.State.PUBLISHED, Visit.State.CLOSED):
        return
    if compute_lock_time(event.starts_at, event.zone, working_days) <= now < stored.locks_at:
        sentence = _("The list would be locked immediately. Choose fewer days, or lock it yourself.")
        raise InvalidFields(_("Some fields need to be corrected."), {"lock_working_days": [sentence]})


BRIEFING_FIELDS = ("briefing", "briefing_en")


@transaction.atomic
def change_briefing(
    *, visit: Visit, briefing: str, briefing_en: str, contact: HostContact | None = None
) -> None:
    """Save the safety briefing; readers of English get the French text if there is no English one."""
    # An UPDATE of two columns: host and secretary may save different fields at the same time.
    Visit.objects.filter(pk=visit.pk).update(briefing=briefing.strip(), briefing_en=briefing_en.strip())
    reason = f"host contact #{contact.pk}" if contact else ""
    record_action("visit.brief", visit, event=visit.event, fields=list(BRIEFING_FIELDS), reason=reason)
