"""The last look at a programme that was read, whatever its format: repeats, strays, dates."""

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from .notes import Notes, Reason
from .programme import Programme, Talk

GAP = datetime.timedelta(days=30)
TOLERANCE = datetime.timedelta(days=2)


def settled(programme: Programme, notes: Notes) -> Programme:
    """The programme without entries alike in everything, with all notes."""
    talks = tuple(dict.fromkeys(programme.talks))
    seen: set[Talk] = set()
    for talk in programme.talks:
        if talk in seen:
            notes.add(Reason.REPEATED_ENTRY, talk.title)
        seen.add(talk)
    note_shared_ids(talks, notes)
    if talks:
        note_dates(programme, notes)
    return replace(programme, talks=talks, notes=tuple(notes.all))


def note_shared_ids(talks: Iterable[Talk], notes: Notes) -> None:
    """Tell of ids that stand for several speakers."""
    names: dict[str, set[str]] = defaultdict(set)
    for talk in talks:
        for person in talk.persons or ():
            if person.source_id and not person.guid:
                names[person.source_id].add(person.name)
    for identifier, shared in names.items():
        if len(shared) > 1:
            notes.add(Reason.SHARED_SPEAKER_ID, f"{identifier}: {', '.join(sorted(shared))}")


def note_dates(programme: Programme, notes: Notes) -> None:
    """Tell of sessions far from the others, and of a head that speaks of other dates."""
    first, last = main_span(programme.talks)
    for talk in programme.talks:
        if not first <= talk.starts_at <= last:
            notes.add(Reason.FAR_AWAY, f"{talk.title}, {talk.starts_at:%Y-%m-%d}")
    head = programme.head
    early = head.first_day and first.date() < head.first_day - TOLERANCE
    late = head.last_day and last.date() > head.last_day + TOLERANCE
    if early or late:
        notes.add(Reason.OTHER_DATES, f"{head.first_day} – {head.last_day}")


def main_span(talks: Iterable[Talk]) -> tuple[datetime.datetime, datetime.datetime]:
    """The first and last start of the largest group of sessions without a gap of a month."""
    starts = sorted(talk.starts_at for talk in talks)
    groups = [[starts[0]]]
    for start in starts[1:]:
        if start - groups[-1][-1] > GAP:
            groups.append([])
        groups[-1].append(start)
    largest = max(groups, key=len)
    return largest[0], largest[-1]
