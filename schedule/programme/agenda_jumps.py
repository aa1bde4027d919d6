"""The links by which visitors jump within a long day: to an hour, to what runs now, or to a room."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from convention.text.dates import format_time


@dataclass(frozen=True, slots=True)
class AgendaJump:
    """A link to a group of the page."""

    anchor: str
    label: str


def name_anchors(starts: Sequence[datetime.datetime]) -> list[str]:
    """Return a unique anchor for each start: “h0915”, and “h0915-2” where a day repeats a time."""
    seen: dict[str, int] = {}
    anchors = []
    for moment in starts:
        anchor = f"h{moment:%H%M}"
        seen[anchor] = seen.get(anchor, 0) + 1
        anchors.append(anchor if seen[anchor] == 1 else f"{anchor}-{seen[anchor]}")
    return anchors


def list_hour_jumps(starts: Sequence[datetime.datetime], anchors: Sequence[str]) -> list[AgendaJump]:
    """Return one jump for each hour in which something begins: to the first start of that hour."""
    jumps, hour = [], None
    for moment, anchor in zip(starts, anchors, strict=True):
        if (moment.date(), moment.hour) != hour:
            hour = (moment.date(), moment.hour)
            jumps.append(AgendaJump(anchor, format_time(moment.replace(minute=0), moment.tzinfo)))
    return jumps


def find_current_start(
    starts: Sequence[datetime.datetime], now: datetime.datetime
) -> datetime.datetime | None:
    """Return the last start that is not after `now`, else the first one; None without any."""
    past_starts = [moment for moment in starts if moment <= now]
    return max(past_starts) if past_starts else min(starts, default=None)
