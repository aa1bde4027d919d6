"""Which session of the event an entry of a file is: by guid, by id, else by title and speakers."""

import datetime
import uuid
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass

from .clean import tidied
from .notes import Notes, Reason
from .programme import Talk

NAMESPACE = uuid.UUID("6f0f0f3e-6c1f-5d8e-9b0a-2d3c1d7a9e51")
ANYONE = "anyone"


@dataclass(frozen=True, slots=True)
class Identified:
    """A talk with its guid; `made` says that the guid is ours, made because the file has none."""

    talk: Talk
    guid: uuid.UUID
    made: bool


@dataclass(frozen=True, slots=True)
class Known:
    """A session of the event, as far as matching needs it; `names` are all its ids and guids."""

    key: int
    guid: uuid.UUID
    made: bool
    names: frozenset[str]
    title: str
    speakers: frozenset[str]
    starts_at: datetime.datetime | None
    room: str


def made_guid(*parts: object) -> uuid.UUID:
    """The same guid for the same parts, always."""
    return uuid.uuid5(NAMESPACE, "\n".join(map(str, parts)))


def identify(talks: Iterable[Talk], *, slug: str, notes: Notes) -> list[Identified]:
    """Each talk with a guid of its own, the same at every import of the same entry.

    Where an id stands for several, the first by time and room keeps it, whatever the file's order.
    """
    ordered = sorted(enumerate(talks), key=lambda item: (item[1].starts_at, item[1].room or "", item[0]))
    taken: set[uuid.UUID] = set()
    turns: Counter[uuid.UUID] = Counter()
    found = []
    for position, talk in ordered:
        guid, made = own_guid(talk, slug)
        if guid in taken:
            if talk.guid or talk.source_id:
                notes.add(Reason.REPEATED_ID, f"{talk.source_id or talk.guid}: {talk.title}")
            guid, made = told_apart(talk, guid, taken, turns), True
        elif made and not talk.source_id:
            notes.add(Reason.NO_ID, talk.title)
        taken.add(guid)
        found.append((position, Identified(talk, guid, made)))
    return [item for _position, item in sorted(found, key=lambda pair: pair[0])]


def own_guid(talk: Talk, slug: str) -> tuple[uuid.UUID, bool]:
    """The talk's guid, or one made from its id or title; and whether it was made."""
    if talk.guid:
        return talk.guid, False
    if talk.source_id:
        return made_guid(slug, "id", talk.source_id), True
    return made_guid(slug, "title", folded(talk.title), *sorted(names_of(talk))), True


def told_apart(talk: Talk, guid: uuid.UUID, taken: set[uuid.UUID], turns: Counter[uuid.UUID]) -> uuid.UUID:
    """Another guid for a talk whose own is taken, made from start and room; `turns` counts the twins."""
    start = talk.starts_at.astimezone(datetime.UTC).isoformat()
    base = apart = made_guid(guid, start, talk.room or "")
    while apart in taken:
        turns[base] += 1
        apart = made_guid(base, turns[base])
    return apart


type Keys[Item] = Callable[[Item], Iterator[Hashable]]


def match(incoming: list[Identified], known: Iterable[Known]) -> dict[int, int]:
    """The key of the known session for each incoming position that has one; each is used once.

    The surest likeness goes first over all entries, so that a moved twin never takes its twin's place.
    """
    free = {session.key: session for session in known}
    matched: dict[int, int] = {}
    for keys_in, keys_known in ROUNDS:
        pool: dict[Hashable, deque[int]] = defaultdict(deque)
        for session in free.values():
            for key in keys_known(session):
                pool[key].append(session.key)
        for position, item in enumerate(incoming):
            if position in matched:
                continue
            chosen = first_free((pool[name] for name in keys_in(item) if name in pool), free)
            if chosen is not None:
                matched[position] = chosen
                del free[chosen]
    return matched


def first_free(pools: Iterable[deque[int]], free: dict[int, Known]) -> int | None:
    """The first key that is still free; those that are not are forgotten on the way."""
    for keys in pools:
        while keys:
            key = keys.popleft()
            if key in free:
                return key
    return None


def place_in(item: Identified) -> tuple[datetime.datetime, str]:
    """When and where, in the file."""
    return item.talk.starts_at, item.talk.room or ""


def place_known(session: Known) -> tuple[datetime.datetime | None, str]:
    """When and where, in the event."""
    return session.starts_at, session.room


def ids_in(item: Identified) -> Iterator[tuple[str, bool]]:
    """The source's id; one beside a guid counts only against sessions without a guid of their own."""
    if item.talk.source_id:
        yield item.talk.source_id, item.made


def ids_known(session: Known) -> Iterator[tuple[str, bool]]:
    """All ids, for entries with a guid and without."""
    for name in session.names:
        yield name, True
        if session.made:
            yield name, False


def guids_in(item: Identified) -> Iterator[str]:
    """The guid as text; one that we made ourselves is no better than what it was made of."""
    if not item.made:
        yield str(item.guid)


def guids_known(session: Known) -> Iterator[str]:
    """The guid, and others that it is known by."""
    yield str(session.guid)
    yield from session.names


def titles_in(item: Identified) -> Iterator[tuple[str, object]]:
    """Title and speakers; of a format without speakers, the title alone."""
    persons = item.talk.persons
    yield folded(item.talk.title), ANYONE if persons is None else names_of(item.talk)


def titles_known(session: Known) -> Iterator[tuple[str, object]]:
    """Title and speakers, and the title alone."""
    yield folded(session.title), session.speakers
    yield folded(session.title), ANYONE


def shared_in(item: Identified) -> Iterator[tuple[str, str]]:
    """The title with each speaker."""
    return ((folded(item.talk.title), name) for name in sorted(names_of(item.talk)))


def shared_known(session: Known) -> Iterator[tuple[str, str]]:
    """The title with each speaker."""
    return ((folded(session.title), name) for name in sorted(session.speakers))


def names_of(talk: Talk) -> frozenset[str]:
    """The speakers' names, folded."""
    return frozenset(folded(person.name) for person in talk.persons or ())


def folded(text: str) -> str:
    """Text for comparing: small letters, single spaces."""
    return tidied(text).casefold()


def there[Item](keys: Keys[Item], place: Callable[[Item], Hashable]) -> Keys[Item]:
    """The same keys at the same time in the same room."""
    return lambda item: ((key, place(item)) for key in keys(item))


def title_in(item: Identified) -> Iterator[str]:
    """The title."""
    yield folded(item.talk.title)


def title_known(session: Known) -> Iterator[str]:
    """The title."""
    yield folded(session.title)


ROUNDS: tuple[tuple[Keys[Identified], Keys[Known]], ...] = (
    (there(guids_in, place_in), there(guids_known, place_known)),
    (guids_in, guids_known),
    (there(ids_in, place_in), there(ids_known, place_known)),
    (ids_in, ids_known),
    (there(titles_in, place_in), there(titles_known, place_known)),
    (there(titles_in, lambda item: item.talk.starts_at), there(titles_known, lambda known: known.starts_at)),
    (titles_in, titles_known),
    (there(title_in, place_in), there(title_known, place_known)),
    (shared_in, shared_known),
)
