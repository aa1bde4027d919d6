"""The printed agenda of one attendee."""

from dataclasses import replace
from typing import BinaryIO

from django.utils.translation import gettext as _

from registrations.models import Registration
from schedule.paper.personal_page import draw_personal_page
from schedule.paper.printed_programme import load_printed_programme

from .booking import list_session_bookings


def write_personal_agenda(*, registration: Registration, file: BinaryIO) -> int:
    """Write a PDF of the booked sessions in the active language; return how many there are."""
    booked_ids = {booking.session_id for booking in list_session_bookings(registration)}
    programme = load_printed_programme(registration.event, booked_ids=booked_ids)
    items = tuple(item for item in programme.sessions if item.session_id in booked_ids)
    rooms = tuple(room for room in programme.room_names if room in {item.room for item in items})
    title = _("Programme of %(name)s – %(event)s") % {"name": registration.name, "event": programme.title}
    draw_personal_page(replace(programme, title=title, sessions=items, room_names=rooms), file)
    return len(items)
