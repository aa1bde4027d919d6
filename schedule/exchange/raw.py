"""One entry of a frab file, XML or JSON alike, on its way to a talk."""

import datetime
import zoneinfo
from dataclasses import dataclass, field

from . import clean, moments
from .notes import Notes, Reason
from .programme import Link, Person, Talk

NIGHT = datetime.timedelta(hours=6)
DAY = datetime.timedelta(days=1)
KEPT_EXTRA = ("code", "logo", "feedback_url", "origin_url", "do_not_stream")


@dataclass(frozen=True, slots=True)
class Raw:
    """The values as text, None where the file has no such field."""

    values: dict[str, str | None]
    day: datetime.date | None
    persons: tuple[Person, ...] | None = None
    links: tuple[Link, ...] | None = None
    attachments: tuple[Link, ...] | None = None

    def get(self, name: str) -> str | None:
        """One value."""
        return self.values.get(name)

    @property
    def label(self) -> str:
        """How a note calls it."""
        known = [self.get("title"), self.get("id") or self.get("guid"), self.get("date") or self.get("start")]
        return ", ".join(value.strip() for value in known if value and value.strip())


@dataclass(frozen=True, slots=True)
class Context:
    """What holds for all entries of a file."""

    zone: zoneinfo.ZoneInfo
    notes: Notes
    day_starts: datetime.time | None = None
    reported: set[str] = field(default_factory=set)


def talk_from(raw: Raw, context: Context) -> Talk | None:
    """The talk, or nothing where it has no title or no start."""
    notes = context.notes
    title = clean.one_line(raw.get("title"), 2000, notes)
    if not title:
        notes.add(Reason.NO_TITLE, raw.label)
        return None
    starts_at = start_of(raw, context)
    if starts_at is None:
        notes.add(Reason.NO_START, raw.label)
        return None
    identifier = (raw.get("id") or "").strip()
    return Talk(
        title=title,
        starts_at=starts_at,
        ends_at=end_of(raw, starts_at, context),
        day=raw.day,
        guid=clean.guid(raw.get("guid")),
        source_id=(identifier or raw.get("code") or "")[:1000],
        number=clean.number(identifier),
        room=clean.one_line(raw.get("room"), 500, notes),
        track=clean.one_line(raw.get("track"), 500, notes),
        subtitle=clean.one_line(raw.get("subtitle"), 2000, notes),
        kind=clean.one_line(raw.get("type"), 500, notes),
        language=clean.one_line(raw.get("language"), 200, notes),
        abstract=clean.long_text(raw.get("abstract"), notes),
        description=clean.long_text(raw.get("description"), notes),
        slug=clean.one_line(raw.get("slug"), 500, notes),
        url=clean.web(raw.get("url")),
        persons=raw.persons,
        links=raw.links,
        attachments=raw.attachments,
        recording_license=clean.one_line(raw.get("license"), 1000, notes),
        recording_optout=clean.truth(raw.get("optout")),
        cancelled=clean.truth(raw.get("cancelled")),
        extra=extra_of(raw),
    )


def extra_of(raw: Raw) -> tuple[tuple[str, str], ...]:
    """What we keep only to write it again."""
    found = ((name, (raw.get(name) or "").strip()[:2000]) for name in KEPT_EXTRA)
    return tuple((name, value) for name, value in found if value)


def start_of(raw: Raw, context: Context) -> datetime.datetime | None:
    """The start in UTC: from its date and time, or from the day and the local time."""
    moment = moment_in(raw, "date", context) or moment_in(raw, "start", context)
    clock = moments.parse_clock(raw.get("start"))
    if moment and moment.tzinfo:
        return checked(moment, clock, raw, context)
    if moment:
        if clock is not None and not same_clock(moment, clock):
            context.notes.add(Reason.TIMES_DISAGREE, raw.label)
        return from_local(moment, raw, context)
    day = moments.parse_day(raw.get("date"))
    if clock is None or not (day or raw.day):
        return None
    return from_local(local_start(day, clock, raw, context), raw, context)


def moment_in(raw: Raw, name: str, context: Context) -> datetime.datetime | None:
    """A value with date and time; as local time, which is told, where its offset cannot be."""
    if moment := moments.parse_moment(raw.get(name)):
        return moment
    if local := moments.parse_despite_offset(raw.get(name)):
        context.notes.add(Reason.BAD_OFFSET, raw.label)
    return local


def from_local(local: datetime.datetime, raw: Raw, context: Context) -> datetime.datetime:
    """The local time in UTC; told where a change of the clocks skips or repeats it."""
    if reason := moments.clock_change(local, context.zone):
        context.notes.add(reason, raw.label)
    return moments.in_zone(local, context.zone)


def checked(
    moment: datetime.datetime, clock: datetime.timedelta | None, raw: Raw, context: Context
) -> datetime.datetime:
    """The moment, unless its offset is wrong: `start` says the local time beside it."""
    said = moment.replace(tzinfo=None)
    local = moment.astimezone(context.zone).replace(tzinfo=None)
    if clock is None or same_clock(local, clock):
        return moment.astimezone(datetime.UTC)
    if same_clock(said, clock):
        context.notes.add(Reason.WRONG_OFFSET, raw.label)
        return from_local(said, raw, context)
    context.notes.add(Reason.TIMES_DISAGREE, raw.label)
    return moment.astimezone(datetime.UTC)


def same_clock(local: datetime.datetime, clock: datetime.timedelta) -> bool:
    """Whether they show the same hour and minute."""
    since = datetime.timedelta(hours=local.hour, minutes=local.minute)
    return since == datetime.timedelta(minutes=clock // datetime.timedelta(minutes=1)) % DAY


def local_start(
    day: datetime.date | None, clock: datetime.timedelta, raw: Raw, context: Context
) -> datetime.datetime:
    """Local time without zone; in a day of the programme, what is before its start comes after midnight."""
    assert day or raw.day
    midnight = datetime.datetime.combine(day or raw.day or datetime.date.min, datetime.time())
    if day is None:
        context.notes.add(Reason.NO_DATE)
        if clock < night_ends(context.day_starts):
            context.notes.add(Reason.AFTER_MIDNIGHT, raw.label)
            midnight += DAY
    return midnight + clock


def night_ends(day_starts: datetime.time | None) -> datetime.timedelta:
    """Until when a start without date belongs to the night: the day's start, at most 6:00; else 4:00."""
    if day_starts is None:
        return datetime.timedelta(hours=4)
    return min(datetime.timedelta(hours=day_starts.hour, minutes=day_starts.minute), NIGHT)


def end_of(raw: Raw, starts_at: datetime.datetime, context: Context) -> datetime.datetime | None:
    """The end in UTC; None where the file says neither end nor duration."""
    if ends_at := moment_in(raw, "end", context):
        ends_at = ends_at.astimezone(datetime.UTC) if ends_at.tzinfo else from_local(ends_at, raw, context)
        return not_before(ends_at, starts_at, raw, context)
    span = moments.parse_span(raw.get("duration"))
    if span is None and (clock := moments.parse_clock(raw.get("end"))) is not None:
        local = starts_at.astimezone(context.zone)
        span = (clock - datetime.timedelta(hours=local.hour, minutes=local.minute)) % DAY
    if span is None:
        context.notes.add(Reason.NO_DURATION, raw.label)
        return None
    if not span:
        context.notes.add(Reason.ZERO_LENGTH, raw.label)
    return starts_at + span


def not_before(
    ends_at: datetime.datetime, starts_at: datetime.datetime, raw: Raw, context: Context
) -> datetime.datetime:
    """The end, or the start where the end would come first."""
    if ends_at < starts_at:
        context.notes.add(Reason.BAD_END, raw.label)
        return starts_at
    return ends_at


def person_from(
    name: str | None,
    *,
    guid: str | None,
    source_id: str | None,
    notes: Notes,
    biography: str | None = None,
    url: str | None = None,
) -> Person | None:
    """A speaker, or nothing without a name."""
    known = clean.one_line(name, 1000, notes)
    if not known:
        notes.add(Reason.NAMELESS_SPEAKER, source_id or guid or "")
        return None
    identifier = (source_id or "").strip()[:1000]
    return Person(known, clean.guid(guid), identifier, clean.long_text(biography, notes), clean.web(url))


def link_from(
    url: str | None, *, title: str | None, kind: str | None, service: str | None, notes: Notes
) -> Link | None:
    """A link, or nothing where it would harm."""
    address = "".join((url or "").split())
    if not clean.harmless(address) or len(address) > 4000:
        notes.add(Reason.BAD_LINK, url or title or "")
        return None
    return Link(
        address,
        clean.one_line(title, 1000, notes) or "",
        clean.one_line(kind, 100, notes) or "",
        clean.one_line(service, 100, notes) or "",
    )


def offset_of(raw: Raw) -> tuple[datetime.datetime, datetime.timedelta] | None:
    """How far local time was ahead of UTC at the start, as far as the file shows it."""
    moment = moments.parse_moment(raw.get("date"))
    if moment is None or moment.tzinfo is None:
        return None
    utc = moment.astimezone(datetime.UTC)
    clock = moments.parse_clock(raw.get("start"))
    if clock is None:
        return utc, moment.utcoffset() or datetime.timedelta()
    ahead = (clock - datetime.timedelta(hours=utc.hour, minutes=utc.minute)) % DAY
    return utc, ahead - DAY if ahead > datetime.timedelta(hours=14) else ahead
