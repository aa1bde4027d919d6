"""Create, change and remove tickets."""

from collections import Counter
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.errors import ConventionError
from registrations.models import (
    Addon,
    CompanyShare,
    PriceStep,
    Question,
    Registration,
    Ticket,
    Voucher,
    WaitingEntry,
)
from registrations.shared_quotas import lock_tickets_sharing_quota
from registrations.waiting_list.offers import offer_free_places

from .stock_limits import save_sale_item


class TicketInUse(ConventionError):
    """The ticket was booked or is waited for, or a question, add-on or voucher is for it only."""

    kind = "ticket-in-use"
    status = 409


@transaction.atomic
def save_ticket(*, ticket: Ticket, changed: list[str], steps: Sequence[PriceStep] | None = None) -> Ticket:
    """Save a ticket; `changed` are the names of its changed fields, `steps` replace its price steps.

    Raise InvalidFields for too few places.
    """
    other_defaults = Ticket.objects.filter(event=ticket.event, is_default=True).exclude(pk=ticket.pk)
    default_ids = list(other_defaults.values_list("pk", flat=True)) if ticket.is_default else []
    # In one call, which locks in the order of ids, as orders do.
    lock_tickets_sharing_quota([*default_ids, *([ticket.pk] if ticket.pk else [])])
    if ticket.is_default:
        # Before saving, because a unique constraint allows one default ticket for each event.
        other_defaults.update(is_default=False)
    if ticket.pk is None:
        ticket.save()
        _replace_price_steps(ticket, steps or ())
        record_action("ticket.create", ticket, event=ticket.event, fields=changed)
        return ticket
    save_sale_item(ticket, [*changed, "is_default"])
    if "company_cap" in changed and ticket.company_cap is not None:
        recount_company_shares(ticket)
    if steps is not None and _replace_price_steps(ticket, steps):
        changed = [*changed, "price_steps"]
    # A larger capacity or a longer sale may make places available.
    offer_free_places(Ticket, ticket.pk)
    record_action("ticket.change", ticket, event=ticket.event, fields=changed)
    return ticket


def _replace_price_steps(ticket: Ticket, steps: Sequence[PriceStep]) -> bool:
    """Replace the ticket's price steps; return whether they differ."""
    stored_steps = {(step.price, step.ends_at) for step in ticket.price_steps.all()}
    if stored_steps == {(step.price, step.ends_at) for step in steps}:
        return False
    ticket.price_steps.all().delete()
    for step in steps:
        step.ticket = ticket
    PriceStep.objects.bulk_create(steps)
    return True


def recount_company_shares(ticket: Ticket) -> None:
    """Count each company's places, as needed when a cap is set after sales began."""
    # Expired holds count until they are released: releasing them subtracts them.
    rows = Registration.objects.occupying_place().filter(ticket=ticket)
    companies = Counter(rows.filter(member_of__isnull=False).values_list("member_of", flat=True))
    CompanyShare.objects.filter(ticket=ticket).delete()
    CompanyShare.objects.bulk_create(
        CompanyShare(ticket=ticket, company_id=company, reserved=reserved)
        for company, reserved in companies.items()
    )


@transaction.atomic
def remove_ticket(*, ticket: Ticket) -> None:
    """Remove a ticket without registrations and waiting entries. Raise TicketInUse.

    Also refused if a question, add-on or voucher is for this ticket only.
    """
    # Locked, so that nobody can book it between the check and the deletion.
    ticket = Ticket.objects.select_for_update(of=("self",)).get(pk=ticket.pk)
    if ticket.registrations.exists() or WaitingEntry.objects.active().waiting_for(ticket).exists():
        raise TicketInUse(
            _("“%(ticket)s” has been used and cannot be removed. Set “On sale until”, or hide it instead.")
            % {"ticket": ticket.title}
        )
    if exclusive_users := _list_exclusive_users(ticket):
        raise TicketInUse(
            _(
                "“%(ticket)s” cannot be removed yet, because the following would then apply to every "
                "ticket: %(others)s. Change that first."
            )
            % {"ticket": ticket.title, "others": ", ".join(exclusive_users)}
        )
    record_action("ticket.remove", ticket, event=ticket.event)
    ticket.delete()


def _list_exclusive_users(ticket: Ticket) -> list[str]:
    """Return the questions, add-ons and vouchers that name only this ticket.

    Without it they would name none, and so apply to all.
    """
    users = []
    for model in (Question, Addon, Voucher):
        rows = model._default_manager.filter(event=ticket.event).annotate(named=Count("tickets"))
        users += [str(row) for row in rows.filter(named=1, tickets=ticket)[:3]]
    return users
