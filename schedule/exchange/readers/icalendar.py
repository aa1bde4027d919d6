"""iCalendar, as conference tools, Google, Outlook and Sched write it."""

import datetime
import re
import zoneinfo
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from itertools import islice

from django.utils.translation import gettext_lazy as _

from convention.errors import Unreadable

from .. import clean, moments
from ..content_lines import Component, Line, components
from ..defined_zones import MAX_ZONES, zone_defined_by
from ..notes import Notes, Reason
from ..programme import MOST_TALKS, Format, Head, Place, Programme, Talk
from ..recurrence import MAX_RULES, MOST_TIMES, again, until_of

OTHER_COMPONENTS = ("VTODO", "VJOURNAL", "VFREEBUSY")
DATE = re.compile(r"\s*(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})?(?:[.,]\d+)?\s*(Z|[+-]\d{4})?)?\s*$")
OFFSET_END = re.compile(r"(?<=\d)[+-]\d{2}:?\d{2}\s*$")
OFFSET = re.compile(r"(?:UTC|GMT)?\s*([+-])(\d{1,2}):?(\d{2})?", re.I)


@dataclass(frozen=True, slots=True)
class Zones:
    """The zones of a file: those it defines itself, and the one for times without zone."""

    default: zoneinfo.ZoneInfo
    defined: dict[str, datetime.tzinfo]
    notes: Notes

    def named(self, name: str) -> datetime.tzinfo:
        """The zone behind a TZID."""
        found = moments.known_zone(name) or self.defined.get(name) or fixed(name)
        if found is None:
            self.notes.add(Reason.UNKNOWN_ZONE, name)
        return found or self.default

    def of(self, line: Line | None) -> datetime.tzinfo:
        """The zone of a property's times that name none themselves."""
        name = line and line.parameters.get("TZID")
        return self.named(name) if name else self.default


def read_icalendar(text: str, *, event_zone: zoneinfo.ZoneInfo | None, notes: Notes) -> Programme:
    """The programme in a calendar. Raises Unreadable where the file was cut off inside an event."""
    outer = components(text, notes)
    events = list(outer.walk("VEVENT"))
    if any(not event.closed for event in events[-1:]):
        raise Unreadable(_("This calendar is cut off: its last event has no end."))
    calendars = [component for component in outer.inside if component.name == "VCALENDAR"]
    for name in OTHER_COMPONENTS:
        for _other in outer.walk(name):
            notes.add(Reason.NOT_AN_EVENT, name)
    zones = zones_of(outer, calendars, events, event_zone, notes)
    series = Series(events, zones)
    each = (one for event in events if (talk := talk_of(event, zones)) for one in series.times(event, talk))
    talks = list(islice(each, MOST_TALKS + 1))  # a file of short rules asks for a hundred times as many
    head = calendars[0] if calendars else Component("VCALENDAR")
    return Programme(
        Format.ICALENDAR,
        Head(title=title_of(head, notes), zone=zones.default.key),
        tuple(talks),
        tuple(Place(room) for room in dict.fromkeys(talk.room for talk in talks) if room),
    )


def title_of(calendar: Component, notes: Notes) -> str:
    """The calendar's name, as several tools say it."""
    names = (calendar.text(name) for name in ("X-WR-CALNAME", "NAME", "SUMMARY"))
    return clean.one_line(next((name for name in names if name and name.strip()), ""), 300, notes) or ""


def zones_of(
    outer: Component,
    calendars: list[Component],
    events: list[Component],
    event_zone: zoneinfo.ZoneInfo | None,
    notes: Notes,
) -> Zones:
    """The file's zone: the one it names, or the one that most of its events use."""
    defined = {}
    for component in islice(outer.walk("VTIMEZONE"), MAX_ZONES):
        name = (component.text("TZID") or "").strip()
        if name and not moments.known_zone(name) and (zone := zone_defined_by(component)):
            defined[name] = zone
    named = next((text for calendar in calendars if (text := calendar.text("X-WR-TIMEZONE"))), None)
    starts = (event.first("DTSTART") for event in events)
    used = Counter(line.parameters["TZID"] for line in starts if line and line.parameters.get("TZID"))
    common = next((name for name, _count in used.most_common() if moments.known_zone(name)), None)
    samples = [] if common or named else list(offsets_of(events, defined))
    default = moments.choose_zone(
        (named or common or "").strip() or None, event_zone=event_zone, offsets=samples, notes=notes
    )
    return Zones(default, defined, notes)


def offsets_of(
    events: list[Component], defined: dict[str, datetime.tzinfo]
) -> list[tuple[datetime.datetime, datetime.timedelta]]:
    """The offsets of starts in zones that only the file knows."""
    found = []
    for event in events:
        line = event.first("DTSTART")
        zone = line and (
            defined.get(line.parameters.get("TZID", "")) or fixed(line.parameters.get("TZID", ""))
        )
        moment = line and zone and moment_in(line.value, zone)
        if moment:
            found.append((moment.astimezone(datetime.UTC), moment.utcoffset() or datetime.timedelta()))
    return found


def fixed(name: str) -> datetime.tzinfo | None:
    """A zone whose name is no more than an offset, such as (UTC+01:00) Paris."""
    match = OFFSET.search(name[: moments.LONGEST_ZONE])
    if not match:
        return None
    ahead = datetime.timedelta(hours=int(match.group(2)), minutes=int(match.group(3) or 0))
    if ahead > datetime.timedelta(hours=14):
        return None
    return datetime.timezone(ahead if match.group(1) == "+" else -ahead)


def talk_of(event: Component, zones: Zones) -> Talk | None:
    """The talk, or nothing where it has no title or no start."""
    notes = zones.notes
    title = clean.one_line(event.text("SUMMARY"), 2000, notes)
    uid = uid_of(event)
    label = ", ".join(filter(None, (title, uid, getattr(event.first("DTSTART"), "value", ""))))
    if not title:
        notes.add(Reason.NO_TITLE, label)
        return None
    starts_at = moment_of(event.first("DTSTART"), zones, label)
    if starts_at is None:
        notes.add(Reason.NO_START, label)
        return None
    return Talk(
        title=title,
        starts_at=starts_at,
        ends_at=end_of(event, starts_at, zones, label),
        guid=clean.guid(uid) if "-" in uid else None,
        source_id=uid,
        number=clean.number(uid),
        room=clean.one_line(event.text("LOCATION"), 500, notes),
        track=track_of(event, notes),
        description=clean.long_text(event.text("DESCRIPTION"), notes),
        url=clean.web(event.text("URL")),
        cancelled=cancelled_of(event),
    )


class Series:
    """Entries that take place again: each time is a talk of its own, unless the file moves it itself."""

    def __init__(self, events: list[Component], zones: Zones) -> None:
        self.zones = zones
        self.rules_left = MAX_RULES
        self.first: dict[str, datetime.datetime] = {}
        self.moved: dict[str, set[datetime.datetime]] = defaultdict(set)
        quiet = replace(zones, notes=Notes())
        for event in events:
            uid = uid_of(event)
            if event.first("RECURRENCE-ID"):
                self.moved[uid] |= set(dates_of(event, "RECURRENCE-ID", quiet))
            elif starts := dates_of(event, "DTSTART", quiet):
                self.first[uid] = starts[0]

    def times(self, event: Component, talk: Talk) -> list[Talk]:
        """The talk at each of its times; the ids of all but the first hold the time that the rule gives."""
        if moved := dates_of(event, "RECURRENCE-ID", self.zones):
            return [self.named(talk, moved[0])]
        if not event.first("RRULE") and not event.first("RDATE"):
            return [talk]
        starts = self.starts(event, talk)
        label = f"{talk.title}, {talk.source_id}"
        if starts != [talk.starts_at]:
            self.zones.notes.add(Reason.REPEATS, label)
        return [self.named(shifted(talk, start), start) for start in starts]

    def starts(self, event: Component, talk: Talk) -> list[datetime.datetime]:
        """When it starts, by rule and by dates, in UTC and in order."""
        line = event.first("DTSTART")
        zone = self.zones.of(line)
        found = {talk.starts_at, *dates_of(event, "RDATE", self.zones)}
        if rule := self.rule_of(event):
            until = moment_in(until_of(rule.value), zone)
            if until and "T" not in until_of(rule.value).upper():
                until += datetime.timedelta(days=1, seconds=-1)
            local = talk.starts_at.astimezone(zone).replace(tzinfo=None)
            ends = until and until.astimezone(zone).replace(tzinfo=None)
            times, is_whole = again(rule.value, local, ends)
            found |= {time.replace(tzinfo=zone).astimezone(datetime.UTC) for time in times}
            if not is_whole:
                self.zones.notes.add(Reason.RECURRENCE, f"{talk.title}, {talk.source_id}")
        left_out = {*dates_of(event, "EXDATE", self.zones), *self.moved[talk.source_id]}
        return sorted(found - left_out)[:MOST_TIMES]

    def rule_of(self, event: Component) -> Line | None:
        """The rule of an event, of so many events of a file: one that never comes true takes milliseconds."""
        rule = event.first("RRULE")
        self.rules_left -= rule is not None
        if rule and self.rules_left < 0:
            self.zones.notes.add(Reason.RECURRENCE, uid_of(event))
            return None
        return rule

    def named(self, talk: Talk, time: datetime.datetime) -> Talk:
        """The talk with the id of the one that the rule puts at that time."""
        if not talk.source_id or time == self.first.get(talk.source_id, time):
            return talk
        uid = f"{talk.source_id}/{time:%Y%m%dT%H%M%SZ}"
        return replace(talk, guid=None, number=None, source_id=uid)


def shifted(talk: Talk, start: datetime.datetime) -> Talk:
    """The talk at another time, as long as before."""
    ends_at = talk.ends_at and start + (talk.ends_at - talk.starts_at)
    return replace(talk, starts_at=start, ends_at=ends_at)


def dates_of(event: Component, name: str, zones: Zones) -> list[datetime.datetime]:
    """The moments of all properties of that name, in UTC; a period counts by its start."""
    found = (
        moment_in(value.partition("/")[0], zones.of(line))
        for line in event.lines
        if line.name == name
        for value in line.value.split(",")
    )
    return [moment.astimezone(datetime.UTC) for moment in found if moment]


def uid_of(event: Component) -> str:
    """The entry's id, which all times of a series share."""
    return (event.text("UID") or "").strip()[:1000]


def track_of(event: Component, notes: Notes) -> str | None:
    """The first category."""
    line = event.first("CATEGORIES")
    if line is None:
        return None
    first = re.split(r"(?<!\\),", line.value)[0]
    return clean.one_line(Line("CATEGORIES", first).text, 500, notes)


def cancelled_of(event: Component) -> bool | None:
    """Whether it was called off; None where the file has no status."""
    status = event.text("STATUS")
    return None if status is None else status.strip().upper() == "CANCELLED"


def moment_of(line: Line | None, zones: Zones, label: str) -> datetime.datetime | None:
    """A date with time, in UTC; a date alone is midnight there. What is odd about it is told."""
    if line is None:
        return None
    zone = zones.of(line)
    moment = moment_in(line.value, zone)
    if moment is None:
        return None
    if has_bad_offset(line.value):
        zones.notes.add(Reason.BAD_OFFSET, label)
    if reason := moments.clock_change(moment.replace(tzinfo=None), moment.tzinfo or zone):
        zones.notes.add(reason, label)
    return moment.astimezone(datetime.UTC)


def has_bad_offset(value: str) -> bool:
    """Whether the time ends with an offset that cannot be."""
    match = OFFSET_END.search(value)
    return match is not None and fixed(match.group()) is None


def moment_in(value: str, zone: datetime.tzinfo) -> datetime.datetime | None:
    """The aware moment of a value; hyphens and colons are forgiven."""
    day, between, clock = value.upper().partition("T")
    match = DATE.match(day.replace("-", "") + between + clock.replace(":", ""))
    if not match:
        return None
    year, month, day, hour, minute, second, end = match.groups()
    if end:
        zone = datetime.UTC if end == "Z" else fixed(end) or zone
    try:
        moment = datetime.datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=zone
        )
    except ValueError:
        return None
    return moment if moment.year in moments.YEARS else None


def is_day(line: Line | None) -> bool:
    """Whether the value is a date alone."""
    return line is not None and "T" not in line.value.upper()


def end_of(
    event: Component, starts_at: datetime.datetime, zones: Zones, label: str
) -> datetime.datetime | None:
    """The end in UTC: from DTEND, from DURATION, or a whole day; None where nothing says it."""
    whole_day = is_day(event.first("DTSTART"))
    if whole_day:
        zones.notes.add(Reason.ALL_DAY, label)
    ends_at = moment_of(event.first("DTEND"), zones, label)
    duration = event.text("DURATION")
    span = moments.parse_span(duration)
    if ends_at is None and span is not None:
        ends_at = starts_at + span
    if ends_at is None and whole_day:
        local = starts_at.astimezone(zones.default) + datetime.timedelta(days=1)
        ends_at = local.astimezone(datetime.UTC)
    if ends_at is None:
        zones.notes.add(Reason.NO_DURATION, label)
        return None
    if ends_at < starts_at:
        zones.notes.add(Reason.BAD_END, label)
        return starts_at
    if ends_at == starts_at:
        zones.notes.add(Reason.ZERO_LENGTH, label)
    return ends_at
