"""Read iCalendar, as conference tools, Google, Outlook and Sched write it."""

import datetime
import re
import zoneinfo
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from itertools import islice

from django.utils.translation import gettext_lazy as _

from convention.errors import UnreadableFile
from schedule.exchange.import_notes import ImportNotes, NoteReason
from schedule.exchange.parsed_programme import (
    MAX_SESSIONS,
    ParsedHeader,
    ParsedProgramme,
    ParsedRoom,
    ParsedSession,
    ScheduleFormat,
)
from schedule.exchange.parsing import clean_values, times
from schedule.exchange.parsing.content_lines import CalendarComponent, ContentLine, parse_components
from schedule.exchange.parsing.defined_zones import MAX_ZONES, build_defined_zone
from schedule.exchange.parsing.recurrence import MAX_OCCURRENCES, MAX_RULES, expand_rule, find_rule_end
from schedule.exchange.parsing.session_role import recognize_role

OTHER_COMPONENTS = ("VTODO", "VJOURNAL", "VFREEBUSY")
DATE_PATTERN = re.compile(
    r"\s*(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})?(?:[.,]\d+)?\s*(Z|[+-]\d{4})?)?\s*$"
)
OFFSET_END_PATTERN = re.compile(r"(?<=\d)[+-]\d{2}:?\d{2}\s*$")
OFFSET_PATTERN = re.compile(r"(?:UTC|GMT)?\s*([+-])(\d{1,2}):?(\d{2})?", re.I)


@dataclass(frozen=True, slots=True)
class CalendarZones:
    """The time zones of a file: those it defines, and the default for times without a zone."""

    default_zone: zoneinfo.ZoneInfo
    defined_zones: dict[str, datetime.tzinfo]
    notes: ImportNotes

    def find_zone(self, name: str) -> datetime.tzinfo:
        """Return the zone of a TZID."""
        zone = times.find_zone(name) or self.defined_zones.get(name) or parse_fixed_zone(name)
        if zone is None:
            self.notes.add(NoteReason.UNKNOWN_ZONE, name)
        return zone or self.default_zone

    def get_line_zone(self, line: ContentLine | None) -> datetime.tzinfo:
        """Return the zone of a property's times."""
        name = line and line.parameters.get("TZID")
        return self.find_zone(name) if name else self.default_zone


def read_icalendar(text: str, *, event_zone: zoneinfo.ZoneInfo | None, notes: ImportNotes) -> ParsedProgramme:
    """Read the programme. Raise UnreadableFile if the file was cut off inside an event."""
    outer = parse_components(text, notes)
    events = list(outer.find_all("VEVENT"))
    # A missing END of an earlier event is harmless; without the last one, the file was cut off.
    if any(not event.is_closed for event in events[-1:]):
        raise UnreadableFile(_("This calendar is incomplete: its last event does not end."))
    calendars = [component for component in outer.subcomponents if component.name == "VCALENDAR"]
    for name in OTHER_COMPONENTS:
        for _other in outer.find_all(name):
            notes.add(NoteReason.NOT_AN_EVENT, name)
    zones = read_zones(outer, calendars, events, event_zone, notes)
    series = RecurringSeries(events, zones)
    all_sessions = (
        occurrence
        for event in events
        if (parsed_session := read_session(event, zones))
        for occurrence in series.expand_sessions(event, parsed_session)
    )
    # One more than allowed is enough to refuse the file; its rules may ask for a hundred times as many.
    parsed_sessions = list(islice(all_sessions, MAX_SESSIONS + 1))
    main_calendar = calendars[0] if calendars else CalendarComponent("VCALENDAR")
    return ParsedProgramme(
        ScheduleFormat.ICALENDAR,
        ParsedHeader(title=read_calendar_title(main_calendar, notes), zone_name=zones.default_zone.key),
        tuple(parsed_sessions),
        tuple(
            ParsedRoom(room)
            for room in dict.fromkeys(parsed_session.room for parsed_session in parsed_sessions)
            if room
        ),
    )


def read_calendar_title(calendar: CalendarComponent, notes: ImportNotes) -> str:
    """Return the calendar's name from any of the properties that tools use."""
    names = (calendar.get_text(name) for name in ("X-WR-CALNAME", "NAME", "SUMMARY"))
    return (
        clean_values.clean_line(next((name for name in names if name and name.strip()), ""), 300, notes) or ""
    )


def read_zones(
    outer: CalendarComponent,
    calendars: list[CalendarComponent],
    events: list[CalendarComponent],
    event_zone: zoneinfo.ZoneInfo | None,
    notes: ImportNotes,
) -> CalendarZones:
    """Return the file's zones; the default is the one it names, or the one most events use."""
    defined = {}
    for component in islice(outer.find_all("VTIMEZONE"), MAX_ZONES):
        name = (component.get_text("TZID") or "").strip()
        # A known zone is never built from the file: a built one is slow, and an export could not name it.
        if name and not times.find_zone(name) and (zone := build_defined_zone(component)):
            defined[name] = zone
    file_zone = next((text for calendar in calendars if (text := calendar.get_text("X-WR-TIMEZONE"))), None)
    starts = (event.find_line("DTSTART") for event in events)
    used = Counter(line.parameters["TZID"] for line in starts if line and line.parameters.get("TZID"))
    usual_zone = next((name for name, _count in used.most_common() if times.find_zone(name)), None)
    samples = [] if usual_zone or file_zone else list(list_offsets(events, defined))
    default = times.choose_zone(
        (file_zone or usual_zone or "").strip() or None, event_zone=event_zone, offsets=samples, notes=notes
    )
    return CalendarZones(default, defined, notes)


def list_offsets(
    events: list[CalendarComponent], defined_zones: dict[str, datetime.tzinfo]
) -> list[tuple[datetime.datetime, datetime.timedelta]]:
    """Return the offsets of starts in zones that only the file defines."""
    offsets = []
    for event in events:
        line = event.find_line("DTSTART")
        zone = line and (
            defined_zones.get(line.parameters.get("TZID", ""))
            or parse_fixed_zone(line.parameters.get("TZID", ""))
        )
        moment = line and zone and parse_calendar_moment(line.value, zone)
        if moment:
            offsets.append((moment.astimezone(datetime.UTC), moment.utcoffset() or datetime.timedelta()))
    return offsets


def parse_fixed_zone(name: str) -> datetime.tzinfo | None:
    """Parse a zone name that contains an offset, such as (UTC+01:00) Paris."""
    match = OFFSET_PATTERN.search(name[: times.MAX_ZONE_NAME_CHARS])
    if not match:
        return None
    ahead = datetime.timedelta(hours=int(match.group(2)), minutes=int(match.group(3) or 0))
    if ahead > datetime.timedelta(hours=14):
        return None
    return datetime.timezone(ahead if match.group(1) == "+" else -ahead)


def read_session(event: CalendarComponent, zones: CalendarZones) -> ParsedSession | None:
    """Return the session, None if it has no title or no start."""
    notes = zones.notes
    title = clean_values.clean_line(event.get_text("SUMMARY"), 2000, notes)
    uid = get_uid(event)
    label = ", ".join(filter(None, (title, uid, getattr(event.find_line("DTSTART"), "value", ""))))
    if not title:
        notes.add(NoteReason.NO_TITLE, label)
        return None
    starts_at = read_moment(event.find_line("DTSTART"), zones, label)
    if starts_at is None:
        notes.add(NoteReason.NO_START, label)
        return None
    return ParsedSession(
        title=title,
        # Calendars have neither kinds nor speakers.
        role=recognize_role(title=title, kind="", speaker_count=0, service_flag=None, plenum_flag=None),
        starts_at=starts_at,
        ends_at=find_session_end(event, starts_at, zones, label),
        # Sched's ids are 32 hexadecimal digits, which uuid.UUID would accept.
        guid=clean_values.parse_guid(uid) if "-" in uid else None,
        source_id=uid,
        number=clean_values.parse_number(uid),
        room=clean_values.clean_line(event.get_text("LOCATION"), 500, notes),
        track=read_track(event, notes),
        description=clean_values.clean_long_text(event.get_text("DESCRIPTION"), notes),
        url=clean_values.clean_web_address(event.get_text("URL")),
        is_cancelled=read_is_cancelled(event),
    )


class RecurringSeries:
    """The recurring entries of a file, whose occurrences are sessions of their own.

    An occurrence that the file moves or cancels (RECURRENCE-ID) is read from the entry that does so.
    """

    def __init__(self, events: list[CalendarComponent], zones: CalendarZones) -> None:
        self.zones = zones
        self.remaining_rules = MAX_RULES
        self.first_starts: dict[str, datetime.datetime] = {}
        self.moved_starts: dict[str, set[datetime.datetime]] = defaultdict(set)
        # Without notes, which are taken when the same properties are read again with each entry.
        silent_zones = replace(zones, notes=ImportNotes())
        for event in events:
            uid = get_uid(event)
            if event.find_line("RECURRENCE-ID"):
                self.moved_starts[uid] |= set(list_property_dates(event, "RECURRENCE-ID", silent_zones))
            elif starts := list_property_dates(event, "DTSTART", silent_zones):
                self.first_starts[uid] = starts[0]

    def expand_sessions(self, event: CalendarComponent, parsed_session: ParsedSession) -> list[ParsedSession]:
        """Return a session for each occurrence; ids of all but the first include the time of the rule."""
        if moved_dates := list_property_dates(event, "RECURRENCE-ID", self.zones):
            return [self.identify_occurrence(parsed_session, moved_dates[0])]
        if not event.find_line("RRULE") and not event.find_line("RDATE"):
            return [parsed_session]
        starts = self.list_starts(event, parsed_session)
        label = f"{parsed_session.title}, {parsed_session.source_id}"
        if starts != [parsed_session.starts_at]:
            self.zones.notes.add(NoteReason.REPEATING_ENTRY, label)
        return [self.identify_occurrence(shift_session(parsed_session, start), start) for start in starts]

    def list_starts(self, event: CalendarComponent, parsed_session: ParsedSession) -> list[datetime.datetime]:
        """Return the starts, from rule and dates, in UTC and in order."""
        line = event.find_line("DTSTART")
        zone = self.zones.get_line_zone(line)
        starts = {parsed_session.starts_at, *list_property_dates(event, "RDATE", self.zones)}
        if rule := self.take_rule(event):
            until = parse_calendar_moment(find_rule_end(rule.value), zone)
            # UNTIL is inclusive (RFC 5545, 3.3.10), so a date alone includes its day.
            if until and "T" not in find_rule_end(rule.value).upper():
                until += datetime.timedelta(days=1, seconds=-1)
            # Expanded in local time: 10:00 stays 10:00 when the clocks change.
            local = parsed_session.starts_at.astimezone(zone).replace(tzinfo=None)
            ends = until and until.astimezone(zone).replace(tzinfo=None)
            times, is_complete = expand_rule(rule.value, local, ends)
            starts |= {time.replace(tzinfo=zone).astimezone(datetime.UTC) for time in times}
            if not is_complete:
                self.zones.notes.add(
                    NoteReason.UNEXPANDED_RECURRENCE, f"{parsed_session.title}, {parsed_session.source_id}"
                )
        excluded_starts = {
            *list_property_dates(event, "EXDATE", self.zones),
            *self.moved_starts[parsed_session.source_id],
        }
        return sorted(starts - excluded_starts)[:MAX_OCCURRENCES]

    def take_rule(self, event: CalendarComponent) -> ContentLine | None:
        """Return the event's rule while the file's limit of rules lasts: one that never matches is slow."""
        rule = event.find_line("RRULE")
        self.remaining_rules -= rule is not None
        if rule and self.remaining_rules < 0:
            self.zones.notes.add(NoteReason.UNEXPANDED_RECURRENCE, get_uid(event))
            return None
        return rule

    def identify_occurrence(self, parsed_session: ParsedSession, time: datetime.datetime) -> ParsedSession:
        """Return the session with the id of the occurrence at that time."""
        if not parsed_session.source_id or time == self.first_starts.get(parsed_session.source_id, time):
            return parsed_session
        uid = f"{parsed_session.source_id}/{time:%Y%m%dT%H%M%SZ}"
        return replace(parsed_session, guid=None, number=None, source_id=uid)


def shift_session(parsed_session: ParsedSession, start: datetime.datetime) -> ParsedSession:
    """Return the session at another time with the same length."""
    ends_at = parsed_session.ends_at and start + (parsed_session.ends_at - parsed_session.starts_at)
    return replace(parsed_session, starts_at=start, ends_at=ends_at)


def list_property_dates(event: CalendarComponent, name: str, zones: CalendarZones) -> list[datetime.datetime]:
    """Return the moments of all properties of that name, in UTC; a period counts by its start."""
    moments = (
        parse_calendar_moment(value.partition("/")[0], zones.get_line_zone(line))
        for line in event.lines
        if line.name == name
        for value in line.value.split(",")
    )
    return [moment.astimezone(datetime.UTC) for moment in moments if moment]


def get_uid(event: CalendarComponent) -> str:
    """Return the entry's UID, which all its occurrences share, or ""."""
    return (event.get_text("UID") or "").strip()[:1000]


def read_track(event: CalendarComponent, notes: ImportNotes) -> str | None:
    """Return the first category."""
    line = event.find_line("CATEGORIES")
    if line is None:
        return None
    # Split before unescaping, since an escaped comma is part of a name.
    first = re.split(r"(?<!\\),", line.value)[0]
    return clean_values.clean_line(ContentLine("CATEGORIES", first).unescaped_text, 500, notes)


def read_is_cancelled(event: CalendarComponent) -> bool | None:
    """Return whether the entry is cancelled; None if the file has no status."""
    status = event.get_text("STATUS")
    return None if status is None else status.strip().upper() == "CANCELLED"


def read_moment(line: ContentLine | None, zones: CalendarZones, label: str) -> datetime.datetime | None:
    """Return a time in UTC, midnight for a date alone; note a bad offset or a clock change."""
    if line is None:
        return None
    zone = zones.get_line_zone(line)
    moment = parse_calendar_moment(line.value, zone)
    if moment is None:
        return None
    if has_bad_offset(line.value):
        zones.notes.add(NoteReason.BAD_OFFSET, label)
    if reason := times.find_clock_change(moment.replace(tzinfo=None), moment.tzinfo or zone):
        zones.notes.add(reason, label)
    return moment.astimezone(datetime.UTC)


def has_bad_offset(value: str) -> bool:
    """Return whether the time ends with an impossible offset."""
    match = OFFSET_END_PATTERN.search(value)
    return match is not None and parse_fixed_zone(match.group()) is None


def parse_calendar_moment(value: str, zone: datetime.tzinfo) -> datetime.datetime | None:
    """Return the aware moment of a value, tolerating hyphens and colons."""
    # RFC 5545 allows the basic format only; some tools write 2026-06-17T10:00:00.
    day, separator, clock = value.upper().partition("T")
    match = DATE_PATTERN.match(day.replace("-", "") + separator + clock.replace(":", ""))
    if not match:
        return None
    year, month, day, hour, minute, second, end = match.groups()
    if end:
        zone = datetime.UTC if end == "Z" else parse_fixed_zone(end) or zone
    try:
        moment = datetime.datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=zone
        )
    except ValueError:
        return None
    return moment if moment.year in times.ACCEPTED_YEARS else None


def is_date_only(line: ContentLine | None) -> bool:
    return line is not None and "T" not in line.value.upper()


def find_session_end(
    event: CalendarComponent, starts_at: datetime.datetime, zones: CalendarZones, label: str
) -> datetime.datetime | None:
    """Return the end in UTC: from DTEND, DURATION, or the whole day; None if there is none of these."""
    is_all_day = is_date_only(event.find_line("DTSTART"))
    if is_all_day:
        zones.notes.add(NoteReason.ALL_DAY, label)
    ends_at = read_moment(event.find_line("DTEND"), zones, label)
    duration = event.get_text("DURATION")
    span = times.parse_duration(duration)
    if ends_at is None and span is not None:
        ends_at = starts_at + span
    if ends_at is None and is_all_day:
        # By the local calendar: the day on which the clocks change has 23 or 25 hours.
        local = starts_at.astimezone(zones.default_zone) + datetime.timedelta(days=1)
        ends_at = local.astimezone(datetime.UTC)
    if ends_at is None:
        zones.notes.add(NoteReason.NO_DURATION, label)
        return None
    if ends_at < starts_at:
        zones.notes.add(NoteReason.BAD_END, label)
        return starts_at
    if ends_at == starts_at:
        zones.notes.add(NoteReason.ZERO_LENGTH, label)
    return ends_at
