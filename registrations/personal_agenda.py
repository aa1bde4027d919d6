"""The printed agenda of one person: the sessions that are booked, each with its room and time."""

from dataclasses import replace
from typing import BinaryIO

from django.utils.translation import gettext as _

from schedule.paper.booklet import draw_booklet
from schedule.paper.content import read_programme

from .models import Registration
from .seats import seats_of


def personal_agenda(*, registration: Registration, file: BinaryIO) -> int:
    """Write the PDF in the language of the moment; returns how many sessions it holds."""
    booked = {seat.session_id for seat in seats_of(registration)}
    programme = read_programme(registration.event)
    items = tuple(item for item in programme.items if item.key in booked)
    rooms = tuple(room for room in programme.rooms if room in {item.room for item in items})
    title = _("Programme of %(name)s – %(event)s") % {"name": registration.name, "event": programme.title}
    draw_booklet(replace(programme, title=title, items=items, rooms=rooms), file)
    return len(items)
