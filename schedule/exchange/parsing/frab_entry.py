"""Convert one entry of a frab file, XML or JSON, to a session."""

import datetime
import zoneinfo
from dataclasses import dataclass, replace

from schedule.exchange.import_notes import ImportNotes, NoteReason
from schedule.exchange.parsed_programme import NO_START, ParsedLink, ParsedSession, ParsedSpeaker

from . import clean_values, times
from .session_role import recognize_role

MAX_NIGHT_END = datetime.timedelta(hours=6)
ONE_DAY = datetime.timedelta(days=1)
EXTRA_FIELDS = ("code", "logo", "feedback_url", "origin_url", "do_not_stream")


@dataclass(frozen=True, slots=True)
class RawEntry:
    """The values of an entry as text; None where the file has no such field."""

    text_values: dict[str, str | None]
    day: datetime.date | None
    speakers: tuple[ParsedSpeaker, ...] | None = None
    links: tuple[ParsedLink, ...] | None = None
    attachments: tuple[ParsedLink, ...] | None = None

    def get_value(self, name: str) -> str | None:
        return self.text_values.get(name)

    @property
    def label(self) -> str:
        """Return the text by which notes name the entry."""
        known = [
            self.get_value("title"),
            self.get_value("id") or self.get_value("guid"),
            self.get_value("date") or self.get_value("start"),
        ]
        return ", ".join(value.strip() for value in known if value and value.strip())


@dataclass(frozen=True, slots=True)
class FileContext:
    zone: zoneinfo.ZoneInfo
    notes: ImportNotes
    day_starts_at: datetime.time | None = None


def build_parsed_session(raw_entry: RawEntry, file_context: FileContext) -> ParsedSession | None:
    """Return the session, None if it has no title or no start."""
    title = read_title(raw_entry, file_context.notes)
    if not title:
        return None
    starts_at = find_session_start(raw_entry, file_context)
    if starts_at is None:
        file_context.notes.add(NoteReason.NO_START, raw_entry.label)
        return None
    ends_at = find_session_end(raw_entry, starts_at, file_context)
    parsed_session = convert_fields(raw_entry, title, file_context.notes)
    return replace(parsed_session, starts_at=starts_at, ends_at=ends_at, day=raw_entry.day)


def build_untimed_session(raw_entry: RawEntry, file_context: FileContext) -> ParsedSession | None:
    """Return the session without a time, None if it has no title."""
    title = read_title(raw_entry, file_context.notes)
    return convert_fields(raw_entry, title, file_context.notes) if title else None


def read_title(raw_entry: RawEntry, notes: ImportNotes) -> str | None:
    title = clean_values.clean_line(raw_entry.get_value("title"), 2000, notes)
    if not title:
        notes.add(NoteReason.NO_TITLE, raw_entry.label)
    return title


def convert_fields(raw_entry: RawEntry, title: str, notes: ImportNotes) -> ParsedSession:
    """Return the session without its time.

    Texts are cut to the lengths of their columns in schedule/models/programme.py.
    """
    identifier = (raw_entry.get_value("id") or "").strip()
    kind = clean_values.clean_line(raw_entry.get_value("type"), 500, notes)
    return ParsedSession(
        title=title,
        starts_at=NO_START,
        guid=clean_values.parse_guid(raw_entry.get_value("guid")),
        source_id=(identifier or raw_entry.get_value("code") or "")[:1000],
        number=clean_values.parse_number(identifier),
        room=clean_values.clean_line(raw_entry.get_value("room"), 500, notes),
        track=clean_values.clean_line(raw_entry.get_value("track"), 500, notes),
        subtitle=clean_values.clean_line(raw_entry.get_value("subtitle"), 2000, notes),
        kind=kind,
        role=recognize_role(
            title=title,
            kind=kind or "",
            speaker_count=len(raw_entry.speakers or ()),
            service_flag=raw_entry.get_value("service_flag"),
            plenum_flag=raw_entry.get_value("plenum_flag"),
        ),
        language=clean_values.clean_line(raw_entry.get_value("language"), 200, notes),
        abstract=clean_values.clean_long_text(raw_entry.get_value("abstract"), notes),
        description=clean_values.clean_long_text(raw_entry.get_value("description"), notes),
        slug=clean_values.clean_line(raw_entry.get_value("slug"), 500, notes),
        url=clean_values.clean_web_address(raw_entry.get_value("url")),
        speakers=raw_entry.speakers,
        links=raw_entry.links,
        attachments=raw_entry.attachments,
        recording_license=clean_values.clean_line(raw_entry.get_value("license"), 1000, notes),
        recording_optout=clean_values.parse_boolean(raw_entry.get_value("optout")),
        is_cancelled=clean_values.parse_boolean(raw_entry.get_value("cancelled")),
        is_for_members=clean_values.parse_boolean(raw_entry.get_value("is_for_members")),
        extra=collect_extra(raw_entry),
    )


def collect_extra(raw_entry: RawEntry) -> tuple[tuple[str, str], ...]:
    """Return fields that are stored for the next export and used nowhere else."""
    pairs = ((name, (raw_entry.get_value(name) or "").strip()[:2000]) for name in EXTRA_FIELDS)
    return tuple((name, value) for name, value in pairs if value)


def find_session_start(raw_entry: RawEntry, file_context: FileContext) -> datetime.datetime | None:
    """Return the start in UTC: from its date and time, or from the day and the local time."""
    # `date` is a full moment in frab files and a date alone in Pentabarf; `start` is a clock time, in some
    # files a moment.
    moment = parse_entry_moment(raw_entry, "date", file_context) or parse_entry_moment(
        raw_entry, "start", file_context
    )
    clock = times.parse_clock(raw_entry.get_value("start"))
    if moment and moment.tzinfo:
        return resolve_wrong_offset(moment, clock, raw_entry, file_context)
    if moment:
        if clock is not None and not shows_same_clock(moment, clock):
            file_context.notes.add(NoteReason.TIMES_DISAGREE, raw_entry.label)
        return local_to_utc(moment, raw_entry, file_context)
    day = times.parse_day(raw_entry.get_value("date"))
    if clock is None or not (day or raw_entry.day):
        return None
    return local_to_utc(build_local_start(day, clock, raw_entry, file_context), raw_entry, file_context)


def parse_entry_moment(raw_entry: RawEntry, name: str, file_context: FileContext) -> datetime.datetime | None:
    """Parse a date with time; if its offset is impossible, note that and return it as local time."""
    if moment := times.parse_moment(raw_entry.get_value(name)):
        return moment
    if local := times.parse_despite_offset(raw_entry.get_value(name)):
        file_context.notes.add(NoteReason.BAD_OFFSET, raw_entry.label)
    return local


def local_to_utc(
    local: datetime.datetime, raw_entry: RawEntry, file_context: FileContext
) -> datetime.datetime:
    """Convert a local time to UTC; note if a clock change skips or repeats it."""
    if reason := times.find_clock_change(local, file_context.zone):
        file_context.notes.add(reason, raw_entry.label)
    return times.convert_to_utc(local, file_context.zone)


def resolve_wrong_offset(
    moment: datetime.datetime,
    clock: datetime.timedelta | None,
    raw_entry: RawEntry,
    file_context: FileContext,
) -> datetime.datetime:
    """Return the moment in UTC, with the local time of `start` where the offset contradicts it."""
    written_local = moment.replace(tzinfo=None)
    local = moment.astimezone(file_context.zone).replace(tzinfo=None)
    if clock is None or shows_same_clock(local, clock):
        return moment.astimezone(datetime.UTC)
    # Both fields have the same local time, so the offset is wrong: tools often get offsets wrong.
    if shows_same_clock(written_local, clock):
        file_context.notes.add(NoteReason.WRONG_OFFSET, raw_entry.label)
        return local_to_utc(written_local, raw_entry, file_context)
    file_context.notes.add(NoteReason.TIMES_DISAGREE, raw_entry.label)
    return moment.astimezone(datetime.UTC)


def shows_same_clock(local: datetime.datetime, clock: datetime.timedelta) -> bool:
    """Return whether hour and minute are the same."""
    since = datetime.timedelta(hours=local.hour, minutes=local.minute)
    # 24:30 is 0:30 of the next day.
    return since == datetime.timedelta(minutes=clock // datetime.timedelta(minutes=1)) % ONE_DAY


def build_local_start(
    day: datetime.date | None, clock: datetime.timedelta, raw_entry: RawEntry, file_context: FileContext
) -> datetime.datetime:
    """Return the naive local start; times before the start of the day lie after midnight."""
    assert day or raw_entry.day
    midnight = datetime.datetime.combine(day or raw_entry.day or datetime.date.min, datetime.time())
    if day is None:
        file_context.notes.add(NoteReason.NO_DATE)
        if clock < get_night_end(file_context.day_starts_at):
            file_context.notes.add(NoteReason.AFTER_MIDNIGHT, raw_entry.label)
            midnight += ONE_DAY
    return midnight + clock


def get_night_end(day_starts_at: datetime.time | None) -> datetime.timedelta:
    """Return until when an undated start belongs to the night: the day's start, at most 6:00; else 4:00."""
    if day_starts_at is None:
        return datetime.timedelta(hours=4)
    return min(datetime.timedelta(hours=day_starts_at.hour, minutes=day_starts_at.minute), MAX_NIGHT_END)


def find_session_end(
    raw_entry: RawEntry, starts_at: datetime.datetime, file_context: FileContext
) -> datetime.datetime | None:
    """Return the end in UTC; None if the file has neither end nor duration."""
    if ends_at := parse_entry_moment(raw_entry, "end", file_context):
        ends_at = (
            ends_at.astimezone(datetime.UTC)
            if ends_at.tzinfo
            else local_to_utc(ends_at, raw_entry, file_context)
        )
        return clamp_end(ends_at, starts_at, raw_entry, file_context)
    span = times.parse_duration(raw_entry.get_value("duration"))
    if span is None and (clock := times.parse_clock(raw_entry.get_value("end"))) is not None:
        local = starts_at.astimezone(file_context.zone)
        # An end that is earlier by the clock is on the next day.
        span = (clock - datetime.timedelta(hours=local.hour, minutes=local.minute)) % ONE_DAY
    if span is None:
        file_context.notes.add(NoteReason.NO_DURATION, raw_entry.label)
        return None
    if not span:
        file_context.notes.add(NoteReason.ZERO_LENGTH, raw_entry.label)
    return starts_at + span


def clamp_end(
    ends_at: datetime.datetime, starts_at: datetime.datetime, raw_entry: RawEntry, file_context: FileContext
) -> datetime.datetime:
    """Return the end; if it lies before the start, that of the duration, or else the start."""
    if ends_at < starts_at:
        # The start was moved in a table, and the end left as it was.
        if span := times.parse_duration(raw_entry.get_value("duration")):
            return starts_at + span
        file_context.notes.add(NoteReason.BAD_END, raw_entry.label)
        return starts_at
    return ends_at


def build_parsed_speaker(
    name: str | None,
    *,
    guid: str | None,
    source_id: str | None,
    notes: ImportNotes,
    biography: str | None = None,
    url: str | None = None,
) -> ParsedSpeaker | None:
    """Return a speaker, None without a name."""
    known = clean_values.clean_line(name, 1000, notes)
    if not known:
        notes.add(NoteReason.NAMELESS_SPEAKER, source_id or guid or "")
        return None
    identifier = (source_id or "").strip()[:1000]
    return ParsedSpeaker(
        known,
        clean_values.parse_guid(guid),
        identifier,
        clean_values.clean_long_text(biography, notes),
        clean_values.clean_web_address(url),
    )


def build_parsed_link(
    url: str | None, *, title: str | None, kind: str | None, service: str | None, notes: ImportNotes
) -> ParsedLink | None:
    """Return a link, None if its address is empty or harmful."""
    # Browsers ignore line breaks and tabs in an address, so “java\nscript:” must not pass the check.
    address = "".join((url or "").split())
    if not clean_values.is_harmless(address) or len(address) > 4000:
        notes.add(NoteReason.BAD_LINK, url or title or "")
        return None
    return ParsedLink(
        address,
        clean_values.clean_line(title, 1000, notes) or "",
        clean_values.clean_line(kind, 100, notes) or "",
        clean_values.clean_line(service, 100, notes) or "",
    )


def find_utc_offset(raw_entry: RawEntry) -> tuple[datetime.datetime, datetime.timedelta] | None:
    """Return the start in UTC and the offset from UTC at that time, as far as the file shows it."""
    moment = times.parse_moment(raw_entry.get_value("date"))
    if moment is None or moment.tzinfo is None:
        return None
    utc = moment.astimezone(datetime.UTC)
    clock = times.parse_clock(raw_entry.get_value("start"))
    if clock is None:
        return utc, moment.utcoffset() or datetime.timedelta()
    ahead = (clock - datetime.timedelta(hours=utc.hour, minutes=utc.minute)) % ONE_DAY
    # No zone is more than 14 hours ahead, so a larger difference is a zone behind UTC.
    return utc, ahead - ONE_DAY if ahead > datetime.timedelta(hours=14) else ahead
