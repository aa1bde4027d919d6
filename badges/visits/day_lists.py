"""Build the lists of the day: contents of the printed lists, and the roster as a table to download."""

import datetime
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from badges.attendance.reports.printed_list import ListColumn, PrintedList
from convention.tables.downloads import TableSheet
from convention.text.dates import format_date_range, format_date_with_weekday, format_short_time, format_time
from convention.text.normalize import name_search_key

from .roster import CoachManifest, RosterEntry, count_whereabouts
from .whereabouts import Whereabouts

if TYPE_CHECKING:
    from convention.events.models import Event
    from registrations.visits.models import Ride, Visit


def make_roster_list(event: "Event", roster: Sequence[RosterEntry]) -> PrintedList:
    counts = " · ".join(f"{number} {label}" for _where, number, label in count_whereabouts(roster))
    return PrintedList(
        title=_("Roster"),
        subtitles=[format_date_range(event.starts_at, event.ends_at, event.zone), counts],
        columns=[
            ListColumn(_("Name"), 185), ListColumn(_("Company"), 130), ListColumn(_("Status"), 75),
            ListColumn(pgettext("visitor", "Arrived"), 48), ListColumn(pgettext("visitor", "Left"), 48),
        ],
        rows=[
            [
                entry.name, entry.company, str(entry.whereabouts.label),
                format_short_time(entry.arrived_at, event.zone), format_short_time(entry.left_at, event.zone),
            ]
            for entry in roster
        ],
        empty_text=_("Nobody has a place on this visit yet."),
    )  # fmt: skip


def list_people_on_site(roster: Iterable[RosterEntry]) -> list[RosterEntry]:
    """Return the entries of the people to look for when the site is evacuated."""
    # Visitors in the coach are not on site; the page shows them apart.
    return [entry for entry in roster if entry.whereabouts == Whereabouts.INSIDE]


def make_evacuation_list(event: "Event", roster: Sequence[RosterEntry]) -> PrintedList:
    people = list_people_on_site(roster)
    count = ngettext("%(count)d person on site", "%(count)d people on site", len(people))
    return PrintedList(
        title=_("Evacuation list"),
        subtitles=[count % {"count": len(people)}],
        columns=[
            ListColumn(_("Name"), 270),
            ListColumn(_("Company"), 170),
            ListColumn(pgettext("visitor", "Arrived"), 46),
        ],
        rows=[
            [entry.name, entry.company, format_short_time(entry.arrived_at, event.zone)] for entry in people
        ],
        empty_text=_("Nobody is on site."),
    )


def make_manifest_list(event: "Event", manifest: CoachManifest) -> PrintedList:
    ride = manifest.ride
    counts = _("%(aboard)d of %(seats)d aboard") % {
        "aboard": len(manifest.aboard),
        "seats": manifest.seat_count,
    }
    # Sorted by name, unlike the screen, where the missing come first: on paper one looks for a name.
    people = sorted(manifest.rows, key=lambda entry: (name_search_key(entry.name), entry.pk))
    return PrintedList(
        title=_("Coach manifest"),
        subtitles=[describe_ride(event, ride), counts],
        columns=[ListColumn(_("Name"), 240), ListColumn(_("Company"), 150), ListColumn(_("Aboard"), 96)],
        rows=[[entry.name, entry.company, describe_boarding(event, ride, entry)] for entry in people],
        empty_text=_("Nobody has chosen this ride yet."),
    )


def describe_ride(event: "Event", ride: "Ride") -> str:
    """Return a ride as one line: direction, day, time and meeting point."""
    when = (
        f"{format_date_with_weekday(ride.leaves_at, event.zone)}, {format_time(ride.leaves_at, event.zone)}"
    )
    return f"{capfirst(ride.get_direction_display())} · {when} · {ride.meeting_point}"


def describe_boarding(event: "Event", ride: "Ride", entry: RosterEntry) -> str:
    """Return an entry's boarding time on a ride, marked if it has no seat there; "" if not aboard."""
    moment = entry.boarding_times.get(ride.pk)
    if moment is None:
        return ""
    boarded_at = format_short_time(moment, event.zone)
    return boarded_at if ride.pk in entry.ride_ids else _("%(time)s, without a seat") % {"time": boarded_at}


def make_roster_sheet(visit: "Visit", roster: Sequence[RosterEntry]) -> TableSheet:
    """Return the roster as a table for CSV or XLSX."""
    event = visit.event
    zone = event.zone
    ride_descriptions = {ride.pk: describe_ride(event, ride) for ride in visit.rides.all()}
    header = [
        _("Last name"), _("First name"), _("Company"), _("Status"), _("Boarded"),
        pgettext("visitor", "Arrived"), pgettext("visitor", "Left"), _("Rides"),
        _("Also expected at"), _("Reference"),
    ]  # fmt: skip
    rows = (
        [
            entry.last_name,
            entry.first_name,
            entry.company,
            str(entry.whereabouts.label),
            *(
                at.astimezone(zone) if at else ""
                for at in (entry.first_boarded_at, entry.arrived_at, entry.left_at)
            ),
            "; ".join(ride_descriptions[pk] for pk in entry.ride_ids),
            "; ".join(entry.other_visits),
            entry.reference,
        ]
        for entry in roster
    )
    return TableSheet(_("Roster"), header, rows)


# A phone may be lost or lent, so the names must go soon after nobody can be on site any more.
NAMES_LIFETIME_AFTER_VISIT: Final = datetime.timedelta(hours=6)


def get_list_expiry(event: "Event") -> datetime.datetime:
    """Return when the offline copy of the evacuation list is deleted from phones."""
    return event.ends_at + NAMES_LIFETIME_AFTER_VISIT
