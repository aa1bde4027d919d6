"""The grid of an event's days and hours on which speakers give their availability."""

import datetime
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.events.models import Event
from convention.text.dates import format_datetime_range, format_time
from convention.text.punctuation import get_item_separator
from schedule.models import Availability, ProgrammeAudience, Speaker

from .links import get_or_create_link

STEPS_MINUTES: Final = (60, 30)
# Shown at least, so that an evening or an early start is never left out of the grid.
USUAL_HOURS: Final = (9, 18)
MAX_DAYS: Final = 14
FIELD_PREFIX: Final = "cell-"
DAY_FIELD: Final = "day"
SEEN_FIELD: Final = "seen"
LEVELS_BY_VALUE: Final = {level.value: level for level in Availability.Level}
# Beside the words for screen readers; colour alone would not tell them apart.
LEVEL_SYMBOLS: Final = {
    Availability.Level.CAN: "✓",
    Availability.Level.RATHER_NOT: "~",
    Availability.Level.CANNOT: "✕",
}


@dataclass(frozen=True)
class AvailabilitySpan:
    """A time with one level; both ends are aware."""

    starts_at: datetime.datetime
    ends_at: datetime.datetime
    level: Availability.Level

    def overlaps(self, other: "AvailabilitySpan") -> bool:
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


@dataclass(frozen=True)
class AvailabilityCell(AvailabilitySpan):
    """One cell of the grid; `key` is its local start, such as 2027-06-15T09:00."""

    key: str

    @property
    def field_name(self) -> str:
        return f"{FIELD_PREFIX}{self.key}"

    @property
    def day(self) -> datetime.date:
        return datetime.date.fromisoformat(self.key[:10])

    @property
    def clock(self) -> str:
        """Return the local start as the language of the page writes it."""
        return format_time(datetime.datetime.fromisoformat(self.key))


@dataclass(frozen=True)
class AvailabilityGrid:
    """Cells by row (time of day) and column (day); None where the event has not begun or is over."""

    step_minutes: int
    days: list[datetime.date]
    rows: list[tuple[str, list[AvailabilityCell | None]]]

    @property
    def levels(self) -> list[tuple[str, str, str]]:
        """Return value, label and symbol of each level, the most available first."""
        return [(level.value, str(level.label), LEVEL_SYMBOLS[level]) for level in Availability.Level]

    @property
    def other_step(self) -> int:
        """Return the step in which the grid is not shown."""
        return sum(STEPS_MINUTES) - self.step_minutes

    @property
    def seen_levels(self) -> str:
        """Return the levels that the page shows, for its hidden field; cells that are left out are CAN."""
        keys: dict[str, list[str]] = {}
        for cell in self.cells:
            if cell.level != Availability.Level.CAN:
                keys.setdefault(cell.level, []).append(cell.key)
        return json.dumps(keys)

    @property
    def cells(self) -> list[AvailabilityCell]:
        """Return the cells in the order of time."""
        found = [cell for _clock, cells in self.rows for cell in cells if cell]
        return sorted(found, key=lambda cell: cell.starts_at)


def build_grid(
    *,
    period: tuple[datetime.datetime, datetime.datetime],
    zone: datetime.tzinfo,
    hours: tuple[int, int],
    step_minutes: int,
    spans: Sequence[AvailabilitySpan] = (),
) -> AvailabilityGrid:
    """Return the grid of a period, with the levels of the spans.

    `hours` are the first and the last full hour of each day, at most 24, in local time of the zone.
    """
    days = _list_days(period, zone)
    rows = []
    for minute in range(hours[0] * 60, hours[1] * 60, step_minutes):
        row = [_make_cell(day, minute, step_minutes, zone) for day in days]
        rows.append(
            (
                format_time(datetime.datetime.combine(days[0], datetime.time(*divmod(minute, 60)))),
                [_set_level(cell, spans) if cell and _is_within(cell, period) else None for cell in row],
            )
        )
    return AvailabilityGrid(step_minutes, days, [row for row in rows if any(row[1])])


def _list_days(
    period: tuple[datetime.datetime, datetime.datetime], zone: datetime.tzinfo
) -> list[datetime.date]:
    first, last = (moment.astimezone(zone).date() for moment in period)
    count = min((last - first).days + 1, MAX_DAYS)
    return [first + datetime.timedelta(days=number) for number in range(count)]


def _make_cell(
    day: datetime.date, minute: int, step_minutes: int, zone: datetime.tzinfo
) -> AvailabilityCell | None:
    """Return the cell of a day; None for an hour that the clock change skips."""
    midnight = datetime.datetime.combine(day, datetime.time())
    local = [midnight + datetime.timedelta(minutes=minute + more) for more in (0, step_minutes)]
    starts_at, ends_at = (moment.replace(tzinfo=zone).astimezone(datetime.UTC) for moment in local)
    if ends_at <= starts_at:
        return None
    return AvailabilityCell(starts_at, ends_at, Availability.Level.CAN, f"{local[0]:%Y-%m-%dT%H:%M}")


def _is_within(cell: AvailabilityCell, period: tuple[datetime.datetime, datetime.datetime]) -> bool:
    return cell.ends_at > period[0] and cell.starts_at < period[1]


def _set_level(cell: AvailabilityCell, spans: Sequence[AvailabilitySpan]) -> AvailabilityCell:
    """Return the cell with the least available level of the spans that it touches."""
    levels = Availability.Level
    touched = {span.level for span in spans if span.overlaps(cell)}
    # Once there is a CAN span, times outside the CAN and RATHER_NOT spans are impossible.
    is_limited = any(span.level == levels.CAN for span in spans)
    if levels.CANNOT in touched or (is_limited and not touched):
        return replace(cell, level=levels.CANNOT)
    return replace(cell, level=levels.RATHER_NOT if levels.RATHER_NOT in touched else levels.CAN)


class PostedLevels:
    """The levels of a posted form, and those that its page showed when it was opened.

    A field `day` such as 2027-06-15:cannot sets all cells of that day. Without the field `seen`, as from a
    program, every level is taken as given.
    """

    def __init__(self, posted: Mapping[str, str]) -> None:
        self.posted = posted
        self.day, _colon, self.day_level = posted.get(DAY_FIELD, "").partition(":")
        self.seen = _parse_seen_levels(posted[SEEN_FIELD]) if posted.get(SEEN_FIELD) else None

    def get_chosen(self, cell: AvailabilityCell) -> Availability.Level | None:
        """Return the level that the editor gave a cell; None if they left it as the page showed it."""
        value = self.posted.get(cell.field_name, "")
        if str(cell.day) == self.day and self.day_level in LEVELS_BY_VALUE:
            value = self.day_level
        level = LEVELS_BY_VALUE.get(value)
        return None if self.seen is not None and level == self._get_seen(cell) else level

    def is_conflict(self, cell: AvailabilityCell) -> bool:
        """Return whether somebody else gave a cell of the stored grid another level in the meantime."""
        chosen = self.get_chosen(cell)
        return (
            self.seen is not None and chosen is not None and cell.level not in {chosen, self._get_seen(cell)}
        )

    def _get_seen(self, cell: AvailabilityCell) -> Availability.Level:
        return (self.seen or {}).get(cell.key, Availability.Level.CAN)


def _parse_seen_levels(text: str) -> dict[str, Availability.Level]:
    """Return the levels by cell; unreadable ones are left out."""
    try:
        keys_by_level = json.loads(text)
    # Deeply nested brackets exhaust the stack.
    except (ValueError, RecursionError):
        return {}
    if not isinstance(keys_by_level, dict):
        return {}
    return {
        str(key): LEVELS_BY_VALUE[value]
        for value, keys in keys_by_level.items()
        if value in LEVELS_BY_VALUE and isinstance(keys, list)
        for key in keys
    }


def read_levels(grid: AvailabilityGrid, posted: PostedLevels) -> AvailabilityGrid:
    """Return the stored grid with the posted levels.

    Unknown values, missing fields, cells left as they were and those in conflict change nothing.
    """

    def choose(cell: AvailabilityCell) -> AvailabilityCell:
        level = posted.get_chosen(cell)
        return cell if level is None or posted.is_conflict(cell) else replace(cell, level=level)

    rows = [(clock, [choose(cell) if cell else None for cell in cells]) for clock, cells in grid.rows]
    return replace(grid, rows=rows)


def change_spans(
    spans: Sequence[AvailabilitySpan],
    shown: Sequence[AvailabilityCell],
    chosen: Sequence[AvailabilityCell],
) -> list[AvailabilitySpan]:
    """Return the spans after the changes of a form: `shown` are its cells, `chosen` have the posted levels.

    Only cells whose level was changed count: the form cannot show spans that are finer than a cell or outside
    the grid. CAN spans stay, since without any all other times would be possible; an impossible time within
    one prevails.
    """
    levels = Availability.Level
    before = {cell.key: cell.level for cell in shown}
    changed = [cell for cell in chosen if cell.level != before.get(cell.key)]
    if not changed:
        return list(spans)
    is_limited = any(span.level == levels.CAN for span in spans)
    present = [span for span in spans if span.level == levels.CAN]
    restrictions = clip_spans([span for span in spans if span.level != levels.CAN], changed)
    new = [cell for cell in changed if is_limited or cell.level != levels.CAN]
    return merge_spans([*present, *restrictions, *new])


def merge_spans(spans: Iterable[AvailabilitySpan]) -> list[AvailabilitySpan]:
    """Join the spans of one level that overlap or touch."""
    merged: list[AvailabilitySpan] = []
    for span in sorted(spans, key=lambda span: (span.level, span.starts_at)):
        last = merged[-1] if merged else None
        if last and last.level == span.level and span.starts_at <= last.ends_at:
            merged[-1] = replace(last, ends_at=max(last.ends_at, span.ends_at))
        else:
            merged.append(AvailabilitySpan(span.starts_at, span.ends_at, span.level))
    return sorted(merged, key=lambda span: span.starts_at)


def clip_spans(
    spans: Iterable[AvailabilitySpan], cells: Sequence[AvailabilityCell]
) -> Iterator[AvailabilitySpan]:
    """Yield the parts of the spans outside the cells, which must be in the order of time."""
    century = datetime.timedelta(days=36_500)
    center = cells[0].starts_at if cells else timezone.now()
    cell_edges = (edge for cell in cells for edge in (cell.starts_at, cell.ends_at))
    edges = [center - century, *cell_edges, center + century]
    for span in spans:
        # Every second gap between two edges is one between two cells.
        for start, end in list(pairwise(edges))[::2]:
            begins, ends = max(span.starts_at, start), min(span.ends_at, end)
            if begins < ends:
                yield replace(span, starts_at=begins, ends_at=ends)


def load_grid(speaker: Speaker, *, step_minutes: int | None = None) -> AvailabilityGrid:
    """Return the grid of the speaker's event with their availability; by default as fine as needed."""
    event, spans = speaker.event, load_spans(speaker)
    step = step_minutes if step_minutes in STEPS_MINUTES else choose_step(event, spans)
    return build_grid(
        period=(event.starts_at, event.ends_at),
        zone=event.zone,
        hours=choose_hours(event),
        step_minutes=step,
        spans=spans,
    )


def load_spans(speaker: Speaker) -> list[AvailabilitySpan]:
    rows = Availability.objects.filter(speaker=speaker)
    return [AvailabilitySpan(row.starts_at, row.ends_at, Availability.Level(row.level)) for row in rows]


def choose_step(event: Event, spans: Iterable[AvailabilitySpan]) -> int:
    """Return 60, or 30 if a span begins or ends within an hour."""
    edges = (edge.astimezone(event.zone) for span in spans for edge in (span.starts_at, span.ends_at))
    return 30 if any(edge.minute for edge in edges) else 60


def choose_hours(event: Event) -> tuple[int, int]:
    """Return the first and the last hour of the grid: the usual ones, or more for the event’s sessions."""
    times: list[tuple[datetime.datetime | None, datetime.datetime | None]] = [
        (event.starts_at, None),
        (None, event.ends_at),
    ]
    times += event.sessions.published(audience=ProgrammeAudience.MEMBERS).values_list("starts_at", "ends_at")
    first, last = USUAL_HOURS
    for starts_at, ends_at in times:
        start = starts_at.astimezone(event.zone) if starts_at else None
        end = ends_at.astimezone(event.zone) if ends_at else None
        if start:
            first = min(first, start.hour)
        if start and end and end.date() > start.date():
            last = 24
        elif end:
            last = max(last, math.ceil(end.hour + end.minute / 60))
    return first, last


@transaction.atomic
def save_posted_availability(
    *, speaker: Speaker, posted: PostedLevels, step_minutes: int | None
) -> list[AvailabilitySpan]:
    """Save the levels of a posted grid, and return the times that somebody else changed in the meantime.

    These keep the other's level.
    """
    Speaker.objects.select_for_update().get(pk=speaker.pk)
    grid = load_grid(speaker, step_minutes=step_minutes)
    save_availability(speaker=speaker, grid=read_levels(grid, posted))
    return merge_spans(cell for cell in grid.cells if posted.is_conflict(cell))


def describe_conflicting_times(spans: Iterable[AvailabilitySpan], zone: datetime.tzinfo) -> str:
    """Return why these times were not saved, with the level that they have."""
    times = [
        f"{format_datetime_range(span.starts_at, span.ends_at, zone)} ({span.level.label})" for span in spans
    ]
    sentence = _(
        "Someone else has changed these times since you opened the page, so they stay as they are: "
        "%(times)s. If something is wrong, change them and save again."
    )
    return sentence % {"times": get_item_separator().join(times)}


@transaction.atomic
def save_availability(*, speaker: Speaker, grid: AvailabilityGrid) -> None:
    """Store the changed levels of the grid as the speaker's answer; the rest stays as it is."""
    Speaker.objects.select_for_update().get(pk=speaker.pk)
    before = load_spans(speaker)
    shown = load_grid(speaker, step_minutes=grid.step_minutes)
    spans = change_spans(before, shown.cells, grid.cells)
    if spans != before:
        Availability.objects.filter(speaker=speaker).delete()
        Availability.objects.bulk_create(
            Availability(speaker=speaker, starts_at=span.starts_at, ends_at=span.ends_at, level=span.level)
            for span in spans
        )
    link = get_or_create_link(speaker=speaker)
    link.answered_at = timezone.now()
    link.save(update_fields=["answered_at"])
    record_action("speaker.availability", speaker, event=speaker.event, fields=["availability"])
