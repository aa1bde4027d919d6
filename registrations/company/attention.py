"""What needs the contact's attention: facts in, sentences out, the gravest first. Pure."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.dates import say_moment

from .facts import Ahead, Facts

SOON = datetime.timedelta(days=60)
NEAR = datetime.timedelta(days=7)


@dataclass(frozen=True)
class Matter:
    """A sentence, how grave (0 can wait, 1 soon, 2 now), and the name of the company's page where to act."""

    sentence: str
    gravity: int
    page: str


def matters(facts: Facts, *, at: datetime.datetime) -> list[Matter]:
    """All of one company, the gravest first."""
    found = [*_membership(facts, timezone.localdate(at))]
    for ahead in facts.ahead:
        found += _event(ahead, at)
    return sorted(found, key=lambda matter: -matter.gravity)


def _membership(facts: Facts, day: datetime.date) -> Iterator[Matter]:
    one = facts.membership
    if one is None:
        yield Matter(_("The company has no membership: nobody holds a seat."), 0, "company-home")
        return
    state = one.state_on(day)
    if state == one.State.GRACE and one.grace_until:
        until = formats.date_format(one.grace_until)
        yield Matter(
            _("The membership is over; seats count until %(day)s.") % {"day": until}, 2, "company-home"
        )
    elif state == one.State.PENDING:
        yield Matter(_("The membership awaits its confirmation by the club."), 1, "company-home")
    elif state not in (one.State.ACTIVE, one.State.DRAFT):
        yield Matter(_("The membership is over: nobody holds a seat any more."), 2, "company-home")
    elif one.ends_on and one.ends_on - day < SOON:
        until = formats.date_format(one.ends_on)
        yield Matter(_("The membership ends on %(day)s.") % {"day": until}, 1, "company-home")
    if facts.seats_left and facts.without_seat:
        sentence = ngettext(
            "%(left)d seat is free, and colleagues have none.",
            "%(left)d seats are free, and colleagues have none.",
            facts.seats_left,
        )
        yield Matter(sentence % {"left": facts.seats_left}, 0, "company-seats")


def _event(ahead: Ahead, at: datetime.datetime) -> Iterator[Matter]:
    title = ahead.event.title
    gravity = 2 if ahead.event.last_substitution - at < NEAR else 1
    until = say_moment(ahead.event.last_substitution, ahead.event.zone)
    if ahead.to_name:
        sentence = ngettext(
            "%(event)s: %(count)d place has no name yet; name it until %(until)s.",
            "%(event)s: %(count)d places have no name yet; name them until %(until)s.",
            ahead.to_name,
        )
        said = {"event": title, "count": ahead.to_name, "until": until}
        yield Matter(sentence % said, gravity, "company-registrations")
    if ahead.refused:
        sentence = ngettext(
            "%(event)s: the e-mail to %(count)d colleague was refused; check the address.",
            "%(event)s: the e-mails to %(count)d colleagues were refused; check the addresses.",
            ahead.refused,
        )
        yield Matter(sentence % {"event": title, "count": ahead.refused}, 2, "company-registrations")
    if ahead.to_complete:
        sentence = ngettext(
            "%(event)s: %(count)d colleague has not completed their details.",
            "%(event)s: %(count)d colleagues have not completed their details.",
            ahead.to_complete,
        )
        yield Matter(sentence % {"event": title, "count": ahead.to_complete}, 0, "company-registrations")
    if ahead.passes_left and ahead.event.is_registration_open(at=at):
        sentence = ngettext(
            "%(event)s: %(count)d pass of the membership is not used yet.",
            "%(event)s: %(count)d passes of the membership are not used yet.",
            ahead.passes_left,
        )
        yield Matter(sentence % {"event": title, "count": ahead.passes_left}, 0, "company-registrations")
