"""Create, change and remove tickets; never fewer places than are taken."""

from collections import Counter
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.errors import ConventionError

from .keep import keep
from .models import Addon, CompanyShare, PriceStep, Question, Registration, Ticket, Voucher, WaitingEntry
from .offer import offer_free
from .shared import lock_sharing


class TicketInUse(ConventionError):
    """Somebody has this ticket."""

    kind = "ticket-in-use"
    status = 409


@transaction.atomic
def save_ticket(*, ticket: Ticket, changed: list[str], steps: Sequence[PriceStep] | None = None) -> Ticket:
    """Keep a new or changed ticket; `changed` names its fields, `steps` replace its price steps.

    Raises InvalidFields for too few places.
    """
    if ticket.is_default:
        others = Ticket.objects.filter(event=ticket.event, is_default=True).exclude(pk=ticket.pk)
        others.update(is_default=False)
    if ticket.pk is None:
        ticket.save()
        _write_steps(ticket, steps or ())
        record("ticket.create", ticket, event=ticket.event, fields=changed)
        return ticket
    lock_sharing([ticket.pk])
    keep(ticket, [*changed, "is_default"])
    if "company_cap" in changed and ticket.company_cap is not None:
        count_shares(ticket)
    if steps is not None and _write_steps(ticket, steps):
        changed = [*changed, "steps"]
    offer_free(Ticket, ticket.pk)
    record("ticket.change", ticket, event=ticket.event, fields=changed)
    return ticket


def _write_steps(ticket: Ticket, steps: Sequence[PriceStep]) -> bool:
    """Keep these price steps and no others; whether anything changed."""
    kept = {(step.price, step.until) for step in ticket.steps.all()}
    if kept == {(step.price, step.until) for step in steps}:
        return False
    ticket.steps.all().delete()
    for step in steps:
        step.ticket = ticket
    PriceStep.objects.bulk_create(steps)
    return True


def count_shares(ticket: Ticket) -> None:
    """Count each company's places anew, as a cap that is set later needs."""
    held = Q(confirmed_at__isnull=False) | Q(held_until__isnull=False)
    rows = Registration.objects.filter(held, ticket=ticket, cancelled_at__isnull=True)
    companies = Counter(rows.filter(member_of__isnull=False).values_list("member_of", flat=True))
    CompanyShare.objects.filter(ticket=ticket).delete()
    CompanyShare.objects.bulk_create(
        CompanyShare(ticket=ticket, company_id=company, taken=taken) for company, taken in companies.items()
    )


@transaction.atomic
def remove_ticket(*, ticket: Ticket) -> None:
    """Remove a ticket that nobody had or waits for, and that nothing is for alone. Raises TicketInUse."""
    ticket = Ticket.objects.select_for_update(of=("self",)).get(pk=ticket.pk)
    if ticket.registrations.exists() or WaitingEntry.objects.standing().of(ticket).exists():
        raise TicketInUse(
            _("“%(ticket)s” was used; it cannot be removed. Close its sale or hide it instead.")
            % {"ticket": ticket.title}
        )
    if theirs := _for_it_alone(ticket):
        raise TicketInUse(
            _(
                "“%(ticket)s” cannot be removed yet: %(others)s would then be for every ticket. Change "
                "that first."
            )
            % {"ticket": ticket.title, "others": ", ".join(theirs)}
        )
    record("ticket.remove", ticket, event=ticket.event)
    ticket.delete()


def _for_it_alone(ticket: Ticket) -> list[str]:
    """What names this ticket and no other: questions, add-ons, codes. Without it they would name none."""
    found = []
    for model in (Question, Addon, Voucher):
        rows = model._default_manager.filter(event=ticket.event).annotate(named=Count("tickets"))
        found += [str(row) for row in rows.filter(named=1, tickets=ticket)[:3]]
    return found
