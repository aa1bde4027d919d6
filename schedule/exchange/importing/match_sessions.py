"""Match the sessions of a file with those of the event: by guid, by id, else by title and speakers.

A programme of another year has the same “Lunch”: a title alone matches only if something else agrees too.
"""

import datetime
import uuid
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass

from schedule.exchange.import_notes import ImportNotes, NoteReason
from schedule.exchange.parsed_programme import ParsedSession
from schedule.exchange.parsing.clean_values import normalize_line

# Never change it: generated guids are public addresses and the ids in exported files.
GUID_NAMESPACE = uuid.UUID("6f0f0f3e-6c1f-5d8e-9b0a-2d3c1d7a9e51")
ANY_SPEAKERS = "anyone"


@dataclass(frozen=True, slots=True)
class IdentifiedSession:
    """A session with its guid; `is_guid_generated` if the file has none."""

    parsed_session: ParsedSession
    guid: uuid.UUID
    is_guid_generated: bool


@dataclass(frozen=True, slots=True)
class KnownSession:
    """A session of the event as needed for matching; `identifiers` are all its ids and guids."""

    session_id: int
    guid: uuid.UUID
    is_guid_generated: bool
    identifiers: frozenset[str]
    title: str
    speakers: frozenset[str]
    starts_at: datetime.datetime | None
    room_name: str


def generate_guid(*parts: object) -> uuid.UUID:
    """Return the same guid for the same parts, always."""
    return uuid.uuid5(GUID_NAMESPACE, "\n".join(map(str, parts)))


def identify_sessions(
    parsed_sessions: Iterable[ParsedSession], *, slug: str, notes: ImportNotes
) -> list[IdentifiedSession]:
    """Give each session a unique guid, the same at every import of the same entry.

    If several share an id, the first by time and room keeps it, whatever their order in the file.
    """
    # The file's order may change between two exports, so it must not decide which session keeps a shared id.
    ordered = sorted(
        enumerate(parsed_sessions), key=lambda item: (item[1].starts_at, item[1].room or "", item[0])
    )
    used_guids: set[uuid.UUID] = set()
    duplicate_counts: Counter[uuid.UUID] = Counter()
    identified_sessions = []
    for position, parsed_session in ordered:
        guid, is_generated = choose_guid(parsed_session, slug)
        if guid in used_guids:
            if parsed_session.guid or parsed_session.source_id:
                notes.add(
                    NoteReason.REPEATED_ID,
                    f"{parsed_session.source_id or parsed_session.guid}: {parsed_session.title}",
                )
            guid, is_generated = disambiguate_guid(parsed_session, guid, used_guids, duplicate_counts), True
        elif is_generated and not parsed_session.source_id:
            notes.add(NoteReason.NO_ID, parsed_session.title)
        used_guids.add(guid)
        identified_sessions.append((position, IdentifiedSession(parsed_session, guid, is_generated)))
    return [item for _position, item in sorted(identified_sessions, key=lambda pair: pair[0])]


def choose_guid(parsed_session: ParsedSession, slug: str) -> tuple[uuid.UUID, bool]:
    """Return the session's guid, or one generated from its id or title; and whether it was generated."""
    if parsed_session.guid:
        return parsed_session.guid, False
    if parsed_session.source_id:
        return generate_guid(slug, "id", parsed_session.source_id), True
    return generate_guid(
        slug, "title", fold_for_matching(parsed_session.title), *sorted(get_speaker_names(parsed_session))
    ), True


def disambiguate_guid(
    parsed_session: ParsedSession,
    guid: uuid.UUID,
    used_guids: set[uuid.UUID],
    duplicate_counts: Counter[uuid.UUID],
) -> uuid.UUID:
    """Return another guid, from start and room, for a session whose own is used.

    `duplicate_counts` counts the sessions that share start and room too.
    """
    start = parsed_session.starts_at.astimezone(datetime.UTC).isoformat()
    base = candidate = generate_guid(guid, start, parsed_session.room or "")
    while candidate in used_guids:
        # Continue from the last duplicate: trying from 1 each time would be quadratic in duplicates.
        duplicate_counts[base] += 1
        candidate = generate_guid(base, duplicate_counts[base])
    return candidate


type MatchKeys[Item] = Callable[[Item], Iterator[Hashable]]
type MatchPass = tuple[MatchKeys[IdentifiedSession], MatchKeys[KnownSession]]


def match_sessions(
    identified_sessions: list[IdentifiedSession],
    known_sessions: Iterable[KnownSession],
    match_passes: Iterable[MatchPass],
) -> dict[int, int]:
    """Return the known session's key for each position of an incoming session that has one.

    Each key is used once. The most reliable pass runs first over all sessions, so that a moved session is
    never matched with another one of the same title.
    """
    unmatched_sessions = {session.session_id: session for session in known_sessions}
    matched: dict[int, int] = {}
    for keys_in, keys_known in match_passes:
        pool: dict[Hashable, deque[int]] = defaultdict(deque)
        # Rebuilt for each pass, from the sessions that are still unmatched.
        for session in unmatched_sessions.values():
            for key in keys_known(session):
                pool[key].append(session.session_id)
        for position, identified_session in enumerate(identified_sessions):
            if position in matched:
                continue
            chosen = pop_unmatched(
                (pool[name] for name in keys_in(identified_session) if name in pool), unmatched_sessions
            )
            if chosen is not None:
                matched[position] = chosen
                del unmatched_sessions[chosen]
    return matched


def pop_unmatched(candidate_queues: Iterable[deque[int]], unmatched: dict[int, KnownSession]) -> int | None:
    """Return the first unmatched key, None if there is none.

    Matched ones are removed from the queues, so that many sessions with one title take linear time.
    """
    for keys in candidate_queues:
        while keys:
            key = keys.popleft()
            if key in unmatched:
                return key
    return None


def get_incoming_slot(identified_session: IdentifiedSession) -> tuple[datetime.datetime, str]:
    """Return start and room in the file."""
    return identified_session.parsed_session.starts_at, identified_session.parsed_session.room or ""


def get_known_slot(known_session: KnownSession) -> tuple[datetime.datetime | None, str]:
    """Return start and room in the event."""
    return known_session.starts_at, known_session.room_name


def list_incoming_ids(identified_session: IdentifiedSession) -> Iterator[tuple[str, bool]]:
    """Yield the source's id, and whether it may match a session that has its own guid.

    Two different guids with one id are two sessions: guids are more reliable than ids.
    """
    if identified_session.parsed_session.source_id:
        yield identified_session.parsed_session.source_id, identified_session.is_guid_generated


def list_known_ids(known_session: KnownSession) -> Iterator[tuple[str, bool]]:
    """Yield all ids, for entries with and without a guid."""
    for name in known_session.identifiers:
        yield name, True
        if known_session.is_guid_generated:
            yield name, False


def list_incoming_guids(identified_session: IdentifiedSession) -> Iterator[str]:
    """Yield the guid as text; none if it is generated, since its parts are compared anyway."""
    if not identified_session.is_guid_generated:
        yield str(identified_session.guid)


def list_known_guids(known_session: KnownSession) -> Iterator[str]:
    """Yield the guid and its aliases."""
    yield str(known_session.guid)
    yield from known_session.identifiers


def list_incoming_titles_with_speakers(identified_session: IdentifiedSession) -> Iterator[tuple[str, object]]:
    """Yield title and speakers; for a format without speakers, the title alone."""
    persons = identified_session.parsed_session.speakers
    yield (
        fold_for_matching(identified_session.parsed_session.title),
        ANY_SPEAKERS if persons is None else get_speaker_names(identified_session.parsed_session),
    )


def list_known_titles_with_speakers(known_session: KnownSession) -> Iterator[tuple[str, object]]:
    """Yield title with speakers, and title alone."""
    yield fold_for_matching(known_session.title), known_session.speakers
    yield fold_for_matching(known_session.title), ANY_SPEAKERS


def list_incoming_title_pairs(identified_session: IdentifiedSession) -> Iterator[tuple[str, str]]:
    """Return pairs of the title and each speaker, which match although one speaker was added or left."""
    return (
        (fold_for_matching(identified_session.parsed_session.title), name)
        for name in sorted(get_speaker_names(identified_session.parsed_session))
    )


def list_known_title_pairs(known_session: KnownSession) -> Iterator[tuple[str, str]]:
    """Return pairs of the title and each speaker."""
    return ((fold_for_matching(known_session.title), name) for name in sorted(known_session.speakers))


def get_speaker_names(parsed_session: ParsedSession) -> frozenset[str]:
    return frozenset(fold_for_matching(person.name) for person in parsed_session.speakers or ())


def fold_for_matching(text: str) -> str:
    """Casefold and normalize spaces."""
    return normalize_line(text).casefold()


def at_slot[Item](keys: MatchKeys[Item], get_slot: Callable[[Item], Hashable]) -> MatchKeys[Item]:
    """Extend the keys of a matching pass by start and room."""
    return lambda item: ((key, get_slot(item)) for key in keys(item))


def list_incoming_titles(identified_session: IdentifiedSession) -> Iterator[str]:
    yield fold_for_matching(identified_session.parsed_session.title)


def list_known_titles(known_session: KnownSession) -> Iterator[str]:
    yield fold_for_matching(known_session.title)


def list_named_speakers(identified_session: IdentifiedSession) -> Iterator[tuple[str, object]]:
    """Yield title and speakers of a session that has speakers."""
    return (key for key in list_incoming_titles_with_speakers(identified_session) if has_speakers(key))


def list_known_named_speakers(known_session: KnownSession) -> Iterator[tuple[str, object]]:
    """Yield title and speakers of a session that has speakers."""
    return (key for key in list_known_titles_with_speakers(known_session) if has_speakers(key))


def has_speakers(key: tuple[str, object]) -> bool:
    """Return whether the speakers of a key are known names: sessions without any cannot match by them."""
    return bool(key[1]) and key[1] != ANY_SPEAKERS


def list_known_unplaced(known_session: KnownSession) -> Iterator[tuple[str, object]]:
    """Yield title and speakers, and title alone, of a session without a time, which no start contradicts."""
    return list_known_titles_with_speakers(known_session) if known_session.starts_at is None else iter(())


def list_passes_within_dates(zone: datetime.tzinfo) -> list[MatchPass]:
    """Return the match passes for a file of the event's dates: a title alone matches any start."""
    undated_passes: list[MatchPass] = [(list_incoming_titles_with_speakers, list_known_titles_with_speakers)]
    return list_match_passes(zone, undated_passes)


def list_passes_across_dates(zone: datetime.tzinfo) -> list[MatchPass]:
    """Return the match passes for a file of other dates, such as that of another year.

    A title matches only with a common speaker, on the same day in `zone`, or for a session without a time.
    """
    undated_passes: list[MatchPass] = [
        (list_named_speakers, list_known_named_speakers),
        (list_incoming_titles_with_speakers, list_known_unplaced),
    ]
    return list_match_passes(zone, undated_passes)


def list_match_passes(zone: datetime.tzinfo, undated_passes: list[MatchPass]) -> list[MatchPass]:
    """Return the match passes, the most reliable first; `undated_passes` are those without a start.

    Each key is tried with start and room first: pretalx gives all slots of a submission one id, and a
    programme may have several sessions titled “Lunch”.
    """
    incoming, known = list_incoming_titles_with_speakers, list_known_titles_with_speakers

    def get_incoming_day(item: IdentifiedSession) -> datetime.date | None:
        parsed_session = item.parsed_session
        return parsed_session.starts_at.astimezone(zone).date() if parsed_session.has_start else None

    def get_known_day(item: KnownSession) -> datetime.date | None:
        return item.starts_at.astimezone(zone).date() if item.starts_at else None

    return [
        (at_slot(list_incoming_guids, get_incoming_slot), at_slot(list_known_guids, get_known_slot)),
        (list_incoming_guids, list_known_guids),
        (at_slot(list_incoming_ids, get_incoming_slot), at_slot(list_known_ids, get_known_slot)),
        (list_incoming_ids, list_known_ids),
        (at_slot(incoming, get_incoming_slot), at_slot(known, get_known_slot)),
        (
            at_slot(incoming, lambda item: item.parsed_session.starts_at),
            at_slot(known, lambda known_session: known_session.starts_at),
        ),
        (at_slot(incoming, get_incoming_day), at_slot(known, get_known_day)),
        *undated_passes,
        # A title alone: only at the same start and room, where it can hardly mean another session.
        (at_slot(list_incoming_titles, get_incoming_slot), at_slot(list_known_titles, get_known_slot)),
        (list_incoming_title_pairs, list_known_title_pairs),
    ]
