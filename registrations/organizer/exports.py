"""Spreadsheets for organizers besides the registration list: items on sale, questions, answers, bookings."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from convention.events.models import Event
from convention.tables.downloads import TableSheet
from registrations.models import Quota, Registration, SessionBooking
from registrations.questions.answers import format_answer_cell
from registrations.questions.queries import load_questions
from registrations.questions.statistics import count_answers
from registrations.ticketing.vouchers import list_voucher_headings, list_voucher_rows

type CellRow = list[Any]


def _format_capacity(capacity: int | None) -> int | str:
    return "" if capacity is None else capacity


def _ticket_sheet(event: Event) -> TableSheet:
    header = [
        _("Ticket"), _("Address"), pgettext("ticket", "Audience"), _("Price"), _("Currency"), _("VAT (%)"),
        _("Taken"), _("Places"), _("Shared quota"), _("Opens"), _("Closes"),
    ]  # fmt: skip
    return TableSheet(_("Tickets"), header, _ticket_rows(event))


def _ticket_rows(event: Event) -> Iterator[CellRow]:
    for ticket in event.tickets.select_related("quota"):
        yield [
            ticket.title,
            ticket.slug,
            ticket.get_audience_display(),
            *_price_cells(ticket),
            ticket.reserved,
            _format_capacity(ticket.capacity),
            ticket.quota.name if ticket.quota else "",
            *_sale_period_cells(ticket, event),
        ]


def _price_cells(item: Any) -> CellRow:
    # Decimals, because floats cannot represent most amounts exactly.
    return [Decimal(item.price).scaleb(-2), item.currency, Decimal(item.vat_rate or 0).scaleb(-2)]


def _sale_period_cells(item: Any, event: Event) -> CellRow:
    return [at.astimezone(event.zone) if at else "" for at in (item.opens_at, item.closes_at)]


def _addon_sheet(event: Event) -> TableSheet:
    header = [
        _("Add-on"), _("Address"), _("Type"), _("Price"), _("Currency"), _("VAT (%)"), _("Taken"),
        _("Places"), _("Tickets"), _("Opens"), _("Closes"),
    ]  # fmt: skip
    rows = (
        [
            addon.title,
            addon.slug,
            addon.get_kind_display(),
            *_price_cells(addon),
            addon.reserved,
            _format_capacity(addon.capacity),
            ", ".join(ticket.slug for ticket in addon.tickets.all()),
            *_sale_period_cells(addon, event),
        ]
        for addon in event.addons.prefetch_related("tickets")
    )
    return TableSheet(_("Add-ons"), header, rows)


def _voucher_sheet(event: Event) -> TableSheet:
    return TableSheet(_("Codes"), list_voucher_headings(), list_voucher_rows(event))


def _quota_sheet(event: Event) -> TableSheet:
    header = [_("Shared quota"), _("Taken"), _("Places"), _("Tickets")]
    rows = (
        [
            quota.name,
            quota.reserved,
            _format_capacity(quota.capacity),
            ", ".join(ticket.slug for ticket in quota.tickets.all()),
        ]
        for quota in Quota.objects.filter(event=event).prefetch_related("tickets")
    )
    return TableSheet(_("Shared quotas"), header, rows)


def _question_sheet(event: Event) -> TableSheet:
    header = [
        _("Question"),
        _("Address"),
        _("Answer"),
        _("Required"),
        _("Tickets"),
        _("Answered"),
        _("Choices"),
    ]
    questions = load_questions(event)
    rows = (
        [
            question.title,
            question.slug,
            question.get_kind_display(),
            _("yes") if question.is_required else _("no"),
            ", ".join(ticket.slug for ticket in question.list_tickets()),
            answer_count,
            ", ".join(option.title for option in question.list_options()),
        ]
        for question, answer_count in zip(questions, count_answers(questions), strict=True)
    )
    return TableSheet(_("Questions"), header, rows)


def _answer_sheet(event: Event) -> TableSheet:
    header = [_("Reference"), _("Name"), _("E-mail"), _("Ticket"), _("Question"), _("Answer")]
    return TableSheet(_("Answers"), header, _answer_rows(event))


def _answer_rows(event: Event) -> Iterator[CellRow]:
    questions = load_questions(event)
    registrations = (
        Registration.objects.active().filter(event=event).exclude(answers={}).select_related("ticket")
    )
    # Read in chunks: the answers of a large event are many, and are sent while they are read.
    for registration in registrations.order_by("sort_name", "pk").iterator(chunk_size=2000):
        for question in questions:
            if question.slug in registration.answers:
                answer_text = format_answer_cell(question, registration.answers[question.slug])
                yield [
                    registration.reference,
                    registration.name,
                    registration.email,
                    registration.ticket.slug,
                    question.title,
                    answer_text,
                ]


def _session_booking_sheet(event: Event) -> TableSheet:
    header = [
        _("Session"), _("Starts"), _("Reference"), _("Name"), _("E-mail"), _("Company"), _("Booked on"),
    ]  # fmt: skip
    session_bookings = SessionBooking.objects.active().filter(session__event=event)
    rows = (
        [
            booking.session.title,
            starts.astimezone(event.zone) if (starts := booking.session.starts_at) else "",
            booking.registration.reference,
            booking.registration.name,
            booking.registration.email,
            booking.registration.company,
            booking.booked_at.astimezone(event.zone),
        ]
        for booking in session_bookings.select_related("session", "registration").order_by(
            "session__starts_at", "session", "registration__sort_name", "pk"
        )
    )
    return TableSheet(_("Bookings"), header, rows)


EXPORT_SHEETS: dict[str, Callable[[Event], TableSheet]] = {
    "tickets": _ticket_sheet,
    "addons": _addon_sheet,
    "codes": _voucher_sheet,
    "quotas": _quota_sheet,
    "questions": _question_sheet,
    "answers": _answer_sheet,
    "seats": _session_booking_sheet,
}
