"""What an organizer downloads besides registrations: what is sold, what is asked, and who booked what."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from convention.downloads import Sheet
from convention.events.models import Event

from .answered import answered
from .answers import in_cell
from .models import Quota, Registration, SessionSeat
from .questions import questions_of
from .vouchers import header as voucher_header
from .vouchers import rows_of as voucher_rows

type Row = list[Any]


def _limit(places: int | None) -> int | str:
    return "" if places is None else places


def _tickets(event: Event) -> Sheet:
    header = [
        _("Ticket"), _("Address"), _("For"), _("Price"), _("Currency"), _("VAT, in percent"), _("Taken"),
        _("Places"), _("Shared quota"), _("Opens"), _("Closes"),
    ]  # fmt: skip
    return Sheet(_("Tickets"), header, _ticket_rows(event))


def _ticket_rows(event: Event) -> Iterator[Row]:
    for one in event.tickets.select_related("quota"):
        yield [
            one.title, one.slug, one.get_audience_display(), *_price(one), one.taken, _limit(one.capacity),
            one.quota.name if one.quota else "", *_window(one, event),
        ]  # fmt: skip


def _price(sold: Any) -> Row:
    return [Decimal(sold.price).scaleb(-2), sold.currency, Decimal(sold.vat_rate or 0).scaleb(-2)]


def _window(sold: Any, event: Event) -> Row:
    return [at.astimezone(event.zone) if at else "" for at in (sold.opens_at, sold.closes_at)]


def _addons(event: Event) -> Sheet:
    header = [
        _("Add-on"), _("Address"), _("Kind"), _("Price"), _("Currency"), _("VAT, in percent"), _("Taken"),
        _("Places"), _("Tickets"), _("Opens"), _("Closes"),
    ]  # fmt: skip
    rows = (
        [
            one.title, one.slug, one.get_kind_display(), *_price(one), one.taken, _limit(one.capacity),
            ", ".join(ticket.slug for ticket in one.tickets.all()), *_window(one, event),
        ]
        for one in event.addons.prefetch_related("tickets")
    )  # fmt: skip
    return Sheet(_("Add-ons"), header, rows)


def _vouchers(event: Event) -> Sheet:
    return Sheet(_("Codes"), voucher_header(), voucher_rows(event))


def _quotas(event: Event) -> Sheet:
    header = [_("Shared quota"), _("Taken"), _("Places"), _("Tickets")]
    rows = (
        [one.name, one.taken, _limit(one.capacity), ", ".join(ticket.slug for ticket in one.tickets.all())]
        for one in Quota.objects.filter(event=event).prefetch_related("tickets")
    )
    return Sheet(_("Shared quotas"), header, rows)


def _questions(event: Event) -> Sheet:
    header = [
        _("Question"),
        _("Address"),
        _("Answer"),
        _("Required"),
        _("Tickets"),
        _("Answered"),
        _("Options"),
    ]
    asked = questions_of(event)
    rows = (
        [
            one.title, one.slug, one.get_kind_display(), _("yes") if one.is_required else _("no"),
            ", ".join(ticket.slug for ticket in one.tickets.all()), times,
            ", ".join(option.title for option in one.options.all()),
        ]
        for one, times in zip(asked, answered(asked), strict=True)
    )  # fmt: skip
    return Sheet(_("Questions"), header, rows)


def _answers(event: Event) -> Sheet:
    header = [_("Reference"), _("Name"), _("E-mail"), _("Ticket"), _("Question"), _("Answer")]
    return Sheet(_("Answers"), header, _answer_rows(event))


def _answer_rows(event: Event) -> Iterator[Row]:
    asked = questions_of(event)
    people = Registration.objects.active().filter(event=event).exclude(answers={}).select_related("ticket")
    for one in people.order_by("sort_name", "pk").iterator(chunk_size=2000):
        for question in asked:
            if question.slug in one.answers:
                told = in_cell(question, one.answers[question.slug])
                yield [one.reference, one.name, one.email, one.ticket.slug, question.title, told]


def _seats(event: Event) -> Sheet:
    header = [
        _("Session"), _("Starts"), _("Reference"), _("Name"), _("E-mail"), _("Company"), _("Booked on"),
    ]  # fmt: skip
    seats = SessionSeat.objects.standing().filter(session__event=event)
    rows = (
        [
            seat.session.title, starts.astimezone(event.zone) if (starts := seat.session.starts_at) else "",
            seat.registration.reference, seat.registration.name, seat.registration.email,
            seat.registration.company, seat.booked_at.astimezone(event.zone),
        ]
        for seat in seats.select_related("session", "registration").order_by(
            "session__starts_at", "session", "registration__sort_name", "pk"
        )
    )  # fmt: skip
    return Sheet(_("Bookings"), header, rows)


LISTS: dict[str, Callable[[Event], Sheet]] = {
    "tickets": _tickets,
    "addons": _addons,
    "codes": _vouchers,
    "quotas": _quotas,
    "questions": _questions,
    "answers": _answers,
    "seats": _seats,
}
