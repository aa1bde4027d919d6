"""Derive what needs the contact's attention from the company's overview and payments. No database access."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.text.dates import format_date, format_datetime

from .open_payments import OpenPayments, UnnamedPlaces
from .overview import CompanyOverview, UpcomingEvent

MEMBERSHIP_END_NOTICE = datetime.timedelta(days=60)
# The section of the orders page with those that were not placed in the company area.
OTHER_ORDERS_ANCHOR = "other-orders"
URGENT_PERIOD = datetime.timedelta(days=7)


@dataclass(frozen=True)
class CompanyAttentionItem:
    """A sentence, its gravity (0 can wait, 1 soon, 2 now), and the URL name of the page to act on.

    `event_slug` or `order_reference` is set where that page is about one event or order, `anchor` where a
    part of it is. `path` replaces that page by one outside the company area.
    """

    sentence: str
    gravity: int
    page_name: str
    event_slug: str = ""
    order_reference: str = ""
    anchor: str = ""
    path: str = ""


def list_attention_items(
    overview: CompanyOverview, payments: OpenPayments, *, at: datetime.datetime
) -> list[CompanyAttentionItem]:
    """Return the items of a company, the most urgent first."""
    items = [*_membership_items(overview, timezone.localdate(at)), *_payment_items(payments, at)]
    for upcoming_event in overview.upcoming_events:
        items += _event_items(upcoming_event, at)
    # Stable, so that items of the same gravity stay in the order of the page.
    return sorted(items, key=lambda item: -item.gravity)


def _membership_items(overview: CompanyOverview, day: datetime.date) -> Iterator[CompanyAttentionItem]:
    membership = overview.membership
    if membership is None:
        yield CompanyAttentionItem(
            _("The company has no membership, so nobody has a seat."), 0, "company-home"
        )
        return
    state = membership.state_on(day)
    if state == membership.State.GRACE and membership.grace_until:
        until = format_date(membership.grace_until)
        yield CompanyAttentionItem(
            _("The membership has ended. Seats remain valid until %(day)s.") % {"day": until},
            2,
            "company-home",
        )
    elif state == membership.State.PENDING:
        yield CompanyAttentionItem(
            _("The membership is awaiting confirmation by the club."), 1, "company-home"
        )
    elif state == membership.State.UPCOMING:
        first_day = format_date(membership.starts_on)
        yield CompanyAttentionItem(
            _("The membership begins on %(day)s. Seats count from then on.") % {"day": first_day},
            0,
            "company-home",
        )
    elif state not in (membership.State.ACTIVE, membership.State.DRAFT):
        yield CompanyAttentionItem(
            _("The membership has ended, so nobody has a seat now."), 2, "company-home"
        )
    elif membership.ends_on and membership.ends_on - day < MEMBERSHIP_END_NOTICE:
        until = format_date(membership.ends_on)
        yield CompanyAttentionItem(_("The membership ends on %(day)s.") % {"day": until}, 1, "company-home")
    if overview.seats_left and overview.employments_without_seat:
        sentence = ngettext(
            "%(left)d seat is available, and some colleagues do not have one.",
            "%(left)d seats are available, and some colleagues do not have one.",
            overview.seats_left,
        )
        yield CompanyAttentionItem(sentence % {"left": overview.seats_left}, 0, "company-seats")


def _payment_items(payments: OpenPayments, at: datetime.datetime) -> Iterator[CompanyAttentionItem]:
    for card_payment in payments.card_payments:
        order = card_payment.order
        sentence = _("Order %(reference)s: pay by card by %(until)s, or its places are released.")
        until = format_datetime(card_payment.expires_at, order.event.zone)
        sentence %= {"reference": order.reference, "until": until}
        if card_payment.has_page:
            yield CompanyAttentionItem(sentence, 2, "company-order", order_reference=order.reference)
        else:
            yield CompanyAttentionItem(
                sentence, 2, "company-orders", anchor=OTHER_ORDERS_ANCHOR, path=card_payment.path
            )
    for unpaid in payments.unpaid_invoices:
        if unpaid.is_late:
            sentence = _("Overdue invoices: %(amount)s, due since %(day)s.")
        else:
            sentence = _("Invoices to pay: %(amount)s, next due date %(day)s.")
        sentence %= {"amount": unpaid.amount, "day": format_date(unpaid.due_on)}
        yield CompanyAttentionItem(sentence, 2 if unpaid.is_late else 1, "company-orders")
    for unnamed in payments.unnamed_places:
        yield _make_package_item(unnamed, at)


def _make_package_item(unnamed: UnnamedPlaces, at: datetime.datetime) -> CompanyAttentionItem:
    event = unnamed.event
    sentence = ngettext(
        "%(event)s: %(count)d place of your package has no name yet. Enter the name by %(until)s.",
        "%(event)s: %(count)d places of your package have no name yet. Enter the names by %(until)s.",
        unnamed.count,
    )
    until = format_datetime(event.substitution_deadline, event.zone)
    gravity = 2 if event.substitution_deadline - at < URGENT_PERIOD else 1
    sentence %= {"event": event.title, "count": unnamed.count, "until": until}
    return CompanyAttentionItem(
        sentence, gravity, "company-orders", anchor=OTHER_ORDERS_ANCHOR, path=unnamed.path
    )


def _event_items(upcoming_event: UpcomingEvent, at: datetime.datetime) -> Iterator[CompanyAttentionItem]:
    title, anchor = upcoming_event.event.title, f"event-{upcoming_event.event.slug}"
    gravity = 2 if upcoming_event.event.substitution_deadline - at < URGENT_PERIOD else 1
    until = format_datetime(upcoming_event.event.substitution_deadline, upcoming_event.event.zone)
    if upcoming_event.unnamed_count:
        sentence = ngettext(
            "%(event)s: %(count)d place has no name yet. Enter the name by %(until)s.",
            "%(event)s: %(count)d places have no name yet. Enter the names by %(until)s.",
            upcoming_event.unnamed_count,
        )
        params = {"event": title, "count": upcoming_event.unnamed_count, "until": until}
        yield CompanyAttentionItem(sentence % params, gravity, "company-registrations", anchor=anchor)
    if upcoming_event.refused_mail_count:
        sentence = ngettext(
            "%(event)s: the e-mail to %(count)d colleague could not be delivered. Check the address.",
            "%(event)s: the e-mails to %(count)d colleagues could not be delivered. Check the addresses.",
            upcoming_event.refused_mail_count,
        )
        yield CompanyAttentionItem(
            sentence % {"event": title, "count": upcoming_event.refused_mail_count},
            2,
            "company-registrations",
            anchor=anchor,
        )
    if upcoming_event.incomplete_count:
        sentence = ngettext(
            "%(event)s: %(count)d colleague has not completed their details.",
            "%(event)s: %(count)d colleagues have not completed their details.",
            upcoming_event.incomplete_count,
        )
        yield CompanyAttentionItem(
            sentence % {"event": title, "count": upcoming_event.incomplete_count},
            0,
            "company-registrations",
            anchor=anchor,
        )
    if upcoming_event.passes_left and upcoming_event.event.is_registration_open(at=at):
        sentence = ngettext(
            "%(event)s: %(count)d membership pass has not been used yet.",
            "%(event)s: %(count)d membership passes have not been used yet.",
            upcoming_event.passes_left,
        )
        yield CompanyAttentionItem(
            sentence % {"event": title, "count": upcoming_event.passes_left},
            0,
            "company-register",
            upcoming_event.event.slug,
        )
