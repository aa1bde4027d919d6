"""Read a programme from a file of any known format, known by its content and not by its name."""

import re
import zoneinfo
from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from convention.errors import Unreadable
from convention.parsing.process import parse

from ..rich_text import with_html
from .clean import without_controls
from .decode import decode
from .notes import Notes
from .programme import MOST_APPEARANCES, MOST_SPEAKERS, MOST_TALKS, Person, Programme, Talk
from .readers.frab_json import read_frab_json
from .readers.frab_xml import read_frab_xml
from .readers.icalendar import read_icalendar
from .settle import settled
from .unknown_formats import refuse


def read(data: bytes, *, event_zone: zoneinfo.ZoneInfo | None = None) -> Programme:
    """The programme in a file, leniently; its notes say what was skipped or mended.

    `event_zone` is the zone of the event that it goes to, for files that name none.
    Raises Unreadable where nothing can be made of it.
    """
    notes = Notes()
    text = without_controls(decode(data, notes), notes).lstrip("\ufeff \t\r\n")
    if text.startswith("<"):
        programme = read_frab_xml(text, event_zone=event_zone, notes=notes)
    elif text.startswith(("{", "[")):
        programme = read_frab_json(text, event_zone=event_zone, notes=notes)
    elif re.match(r"BEGIN\s*:\s*VCALENDAR\b", text, re.I):
        programme = read_icalendar(text, event_zone=event_zone, notes=notes)
    else:
        refuse(text)
    refuse_too_many(programme)
    return settled(programme, notes)


def refuse_too_many(programme: Programme) -> None:
    """Raises Unreadable for more sessions, or more speakers in them, than a programme has."""
    if len(programme.talks) > MOST_TALKS:
        raise Unreadable(_("This file holds more than %(most)s sessions.") % {"most": MOST_TALKS})
    speakers = [person for talk in programme.talks for person in talk.persons or ()]
    if len(speakers) > MOST_APPEARANCES or len(set(speakers)) > MOST_SPEAKERS:
        raise Unreadable(_("This file holds more than %(most)s speakers.") % {"most": MOST_SPEAKERS})


def read_upload(data: bytes, *, event_zone: zoneinfo.ZoneInfo | None) -> Programme:
    """Read as `read_with_html`, in a process of its own. Raises TooDemanding too."""
    return parse(read_with_html, data, event_zone=event_zone)


def read_with_html(data: bytes, *, event_zone: zoneinfo.ZoneInfo | None) -> Programme:
    """Read as `read`; texts carry the HTML that is stored with them."""
    programme = read(data, event_zone=event_zone)
    people: dict[Person, Person] = {}
    return replace(programme, talks=tuple(talk_with_html(talk, people) for talk in programme.talks))


def talk_with_html(talk: Talk, people: dict[Person, Person]) -> Talk:
    """The talk whose texts carry their HTML; `people` holds those that were met before."""
    for person in talk.persons or ():
        if person not in people:
            people[person] = replace(person, biography=person.biography and with_html(person.biography))
    return replace(
        talk,
        abstract=talk.abstract and with_html(talk.abstract),
        description=talk.description and with_html(talk.description),
        persons=talk.persons and tuple(people[person] for person in talk.persons),
    )
