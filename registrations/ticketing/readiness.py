"""Checklist before publication; obstacles to deleting a draft; what a return to draft does to attendees."""

from collections.abc import Iterator, Sequence

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.events.models import Event
from convention.events.publishing.publish import ReadinessItem
from registrations.invoices.models import Issuer, Quotation, Receivable
from registrations.models import Order, RefundRule, Registration, Ticket, WaitingEntry


def list_ticket_readiness(event: Event) -> Iterator[ReadinessItem]:
    """Yield the items about tickets and prices; none for a site visit, whose places are for applicants."""
    if event.kind == Event.Kind.SITE_VISIT:
        return
    now = timezone.now()
    tickets = [
        ticket
        for ticket in event.tickets.with_prices()
        if ticket.is_public and (ticket.closes_at is None or ticket.closes_at > now)
    ]
    if not tickets:
        yield ReadinessItem(
            _("No ticket is offered, so nobody can register."), is_done=False, page_name="organize-tickets"
        )
        return
    # Once registration has closed nothing is offered; the checklist of the event says so.
    if not event.is_registration_over:
        text = ngettext("%(count)s ticket is offered.", "%(count)s tickets are offered.", len(tickets))
        yield ReadinessItem(text % {"count": len(tickets)}, is_done=True, page_name="organize-tickets")
    yield from _list_capacity_items(tickets)
    yield from _list_free_tickets(event, tickets)
    if any(ticket.price for ticket in tickets):
        yield from _list_price_items(event)


def _list_capacity_items(tickets: Sequence[Ticket]) -> Iterator[ReadinessItem]:
    unlimited_titles = [ticket.title for ticket in tickets if ticket.remaining is None]
    if unlimited_titles:
        text = _("No limit on places: %(names)s.") % {"names": ", ".join(unlimited_titles)}
        yield ReadinessItem(text, is_done=False, page_name="organize-tickets")


def _list_free_tickets(event: Event, tickets: Sequence[Ticket]) -> Iterator[ReadinessItem]:
    """Yield an item about free guest tickets; a new convention has one (see `starting_tickets.py`)."""
    audience = Ticket.Audience.GUEST
    titles = [ticket.title for ticket in tickets if ticket.audience == audience and not ticket.price]
    if titles and event.kind == Event.Kind.CONVENTION:
        text = _("Free for non-members: %(names)s.") % {"names": ", ".join(titles)}
        # Not done although it may be intended: among what is done, a forgotten price goes unnoticed.
        yield ReadinessItem(text, is_done=False, page_name="organize-tickets")


def _list_price_items(event: Event) -> Iterator[ReadinessItem]:
    if RefundRule.objects.filter(event=event).exists():
        yield ReadinessItem(_("Refund rules are set."), is_done=True, page_name="organize-refunds")
    else:
        text = _("No refund rules: cancellations are fully refunded until the event starts.")
        yield ReadinessItem(text, is_done=False, page_name="organize-refunds")
    if not Issuer.objects.exists():
        # Only the treasurer can enter it, so the organizer gets the sentence without a link.
        text = _("No invoice can be issued yet: ask the treasurer to enter the club’s billing details.")
        yield ReadinessItem(text, is_done=False)


def list_deletion_obstacles(event: Event) -> Iterator[str]:
    """Yield the reasons why a draft cannot be deleted: registrations, orders or invoices belong to it."""
    if any(model.objects.filter(event=event).exists() for model in (Registration, Order, WaitingEntry)):
        yield _("People are, or have been, registered or on a waiting list.")
    if any(model.objects.filter(event=event).exists() for model in (Receivable, Quotation)):
        yield _("It has a quotation, an invoice or a payment.")


def list_unpublication_effects(event: Event) -> Iterator[str]:
    """Yield how many people have a place at the event whose page would disappear."""
    if count := Registration.objects.active().filter(event=event).count():
        sentence = ngettext(
            "%(count)s person is registered. They keep the place, but can no longer see the event’s page and "
            "programme, and will not be told by e-mail.",
            "%(count)s people are registered. They keep their places, but can no longer see the event’s page "
            "and programme, and will not be told by e-mail.",
            count,
        )
        yield sentence % {"count": count}
