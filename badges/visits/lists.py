"""The lists of the day: what each says on paper, and the roster as a file."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from convention.dates import say_days, say_time, say_weekday
from convention.downloads import Sheet
from convention.text import filed

from .rolls import Column, Roll
from .roster import Manifest, Visitor, counted
from .where import Where

if TYPE_CHECKING:
    import datetime

    from convention.events.models import Event
    from registrations.visits.models import Leg, Visit


def roster_roll(event: "Event", roster: Sequence[Visitor]) -> Roll:
    """Everybody, with where they are."""
    said = " · ".join(f"{number} {label}" for _where, number, label in counted(roster))
    return Roll(
        title=_("Roster"),
        about=[say_days(event.starts_at, event.ends_at, event.zone), said],
        columns=[
            Column(_("Name"), 185), Column(_("Company"), 130), Column(_("Where"), 75),
            Column(pgettext("visitor", "Came"), 48), Column(pgettext("visitor", "Left"), 48),
        ],
        rows=[
            [
                one.name, one.company, str(one.where.label),
                clock(event, one.came_at), clock(event, one.left_at),
            ]
            for one in roster
        ],
        empty=_("Nobody has a place at this visit yet."),
    )  # fmt: skip


def on_site(roster: Iterable[Visitor]) -> list[Visitor]:
    """Those who must be found when the site is cleared."""
    return [one for one in roster if one.where == Where.INSIDE]


def evacuation_roll(event: "Event", roster: Sequence[Visitor]) -> Roll:
    """Those on site, to be ticked off where they gather."""
    people = on_site(roster)
    count = ngettext("%(count)d person on site", "%(count)d people on site", len(people))
    return Roll(
        title=_("Evacuation list"),
        about=[count % {"count": len(people)}],
        columns=[Column(_("Name"), 270), Column(_("Company"), 170), Column(pgettext("visitor", "Came"), 46)],
        rows=[[one.name, one.company, clock(event, one.came_at)] for one in people],
        empty=_("Nobody is on site."),
    )


def manifest_roll(event: "Event", manifest: Manifest) -> Roll:
    """Those of one ride, to be ticked off as they board."""
    leg = manifest.leg
    counts = _("%(aboard)d aboard of %(seats)d") % {"aboard": len(manifest.aboard), "seats": manifest.seats}
    people = sorted(manifest.rows, key=lambda one: (filed(one.name), one.pk))
    return Roll(
        title=_("Coach manifest"),
        about=[say_leg(event, leg), counts],
        columns=[Column(_("Name"), 240), Column(_("Company"), 150), Column(_("Aboard"), 96)],
        rows=[[one.name, one.company, aboard(event, leg, one)] for one in people],
        empty=_("Nobody has chosen this ride yet."),
    )


def say_leg(event: "Event", leg: "Leg") -> str:
    """A ride in a line: its way, day, hour and place."""
    when = f"{say_weekday(leg.leaves_at, event.zone)}, {say_time(leg.leaves_at, event.zone)}"
    return f"{capfirst(leg.get_direction_display())} · {when} · {leg.meeting_point}"


def aboard(event: "Event", leg: "Leg", one: Visitor) -> str:
    """When somebody boarded that ride; says so where they have no seat in it."""
    moment = one.boarded.get(leg.pk)
    if moment is None:
        return ""
    said = clock(event, moment)
    return said if leg.pk in one.rides else _("%(time)s, without a seat") % {"time": said}


def clock(event: "Event", moment: "datetime.datetime | None") -> str:
    """The hour by the event's clock, as columns write it; empty for none."""
    return f"{moment.astimezone(event.zone):%H:%M}" if moment else ""


def roster_sheet(visit: "Visit", roster: Sequence[Visitor]) -> Sheet:
    """The roster as rows of a file."""
    event = visit.event
    zone = event.zone
    ways = {leg.pk: say_leg(event, leg) for leg in visit.legs.all()}
    header = [
        _("Last name"), _("First name"), _("Company"), _("Where"), _("Boarded"),
        pgettext("visitor", "Came"), pgettext("visitor", "Left"), _("Rides"),
        _("Also expected at"), _("Reference"),
    ]  # fmt: skip
    rows = (
        [
            one.last_name, one.first_name, one.company, str(one.where.label),
            *(at.astimezone(zone) if at else "" for at in (one.boarded_at, one.came_at, one.left_at)),
            "; ".join(ways[pk] for pk in one.rides), "; ".join(one.elsewhere), one.reference,
        ]
        for one in roster
    )  # fmt: skip
    return Sheet(_("Roster"), header, rows)
