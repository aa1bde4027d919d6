"""Create, change and remove tickets; never fewer places than are taken."""

from collections import Counter

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.audit.record import record
from convention.errors import ConventionError, InvalidFields

from .models import CompanyShare, Registration, Ticket
from .offer import offer_free


class TicketInUse(ConventionError):
    """Somebody has this ticket."""

    kind = "ticket-in-use"
    status = 409


@transaction.atomic
def save_ticket(*, ticket: Ticket, changed: list[str]) -> Ticket:
    """Keep a new or changed ticket; `changed` names its fields. Raises InvalidFields for too few places."""
    if ticket.is_default:
        others = Ticket.objects.filter(event=ticket.event, is_default=True).exclude(pk=ticket.pk)
        others.update(is_default=False)
    if ticket.pk is None:
        ticket.save()
        record("ticket.create", ticket, event=ticket.event, fields=changed)
        return ticket
    _resize(ticket)
    ticket.save(update_fields=[*(name for name in changed if name != "capacity"), "is_default"])
    if "company_cap" in changed and ticket.company_cap is not None:
        count_shares(ticket)
    offer_free(Ticket, ticket.pk)
    record("ticket.change", ticket, event=ticket.event, fields=changed)
    return ticket


def _resize(ticket: Ticket) -> None:
    """Set the places by one conditional statement, since someone may be registering right now."""
    same = Ticket.objects.filter(pk=ticket.pk)
    fits = same if ticket.capacity is None else same.filter(taken__lte=ticket.capacity)
    if fits.update(capacity=ticket.capacity):
        return
    taken = same.get().taken
    sentence = ngettext(
        "%(taken)d place is taken already; there cannot be fewer.",
        "%(taken)d places are taken already; there cannot be fewer.",
        taken,
    )
    raise InvalidFields(_("Some fields need another look."), {"capacity": [sentence % {"taken": taken}]})


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
    """Remove a ticket that nobody ever had. Raises TicketInUse."""
    if ticket.registrations.exists():
        raise TicketInUse(
            _("“%(ticket)s” was used; it cannot be removed. Close its sale or hide it instead.")
            % {"ticket": ticket.title}
        )
    record("ticket.remove", ticket, event=ticket.event)
    ticket.delete()
