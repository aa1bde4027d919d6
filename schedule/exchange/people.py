"""The speakers that a file names, found in the event or made."""

import uuid
from collections import defaultdict
from collections.abc import Iterable

from convention.events.models import Event

from ..models import Speaker
from .clean import one_line
from .match import folded, made_guid
from .notes import Notes
from .programme import Person

NO_LIMIT = 10**9


class People:
    """Finds the speaker behind each person of a file: by guid, by name, by the source's id.

    Without a guid, one name is one speaker: old files number the same speaker anew in every session.
    """

    def __init__(self, event: Event, persons: Iterable[Person]) -> None:
        self.event = event
        self.persons = list(dict.fromkeys(persons))
        existing = list(event.speakers.all())
        self.by_guid = {speaker.guid: speaker for speaker in existing}
        self.by_name: dict[str, list[Speaker]] = defaultdict(list)
        self.by_source: dict[str, list[Speaker]] = defaultdict(list)
        for speaker in existing:
            self.by_name[folded(speaker.name)].append(speaker)
            self.by_source[speaker.source_id].append(speaker)
        self.guids = {person.guid for person in self.persons if person.guid}
        self.guids_of: dict[str, set[uuid.UUID | None]] = defaultdict(set)
        self.names_of: dict[str, set[str]] = defaultdict(set)
        for person in self.persons:
            self.guids_of[folded(person.name)].add(person.guid)
            self.names_of[person.source_id].add(folded(person.name))

    def found(self) -> tuple[dict[Person, Speaker], bool]:
        """A saved speaker for each person, and whether any was made or changed."""
        resolved: dict[object, Speaker] = {}
        new: list[Speaker] = []
        changed: list[Speaker] = []
        for person in self.persons:
            key = person.guid or folded(person.name)
            if key in resolved:
                continue
            speaker = self.known(person)
            if speaker is None:
                speaker = self.made(person)
                new.append(speaker)
            elif brought_up(speaker, person):
                changed.append(speaker)
            resolved[key] = speaker
        Speaker.objects.bulk_create(new)
        Speaker.objects.bulk_update(changed, ["name", "biography", "url", "source_id"], batch_size=100)
        speakers = {person: resolved[person.guid or folded(person.name)] for person in self.persons}
        return speakers, bool(new or changed)

    def known(self, person: Person) -> Speaker | None:
        """The speaker of the event, or nothing."""
        guid = person.guid or made_guid(self.event.slug, "person", folded(person.name))
        return self.by_guid.get(guid) or self.named(person) or self.renamed(person)

    def named(self, person: Person) -> Speaker | None:
        """By name: for a guid that the event does not know, only where no two share the name."""
        same = self.by_name[folded(person.name)]
        if person.guid is None or not same:
            return same[0] if same else None
        alone = len(same) == 1 and len(self.guids_of[folded(person.name)]) == 1
        return same[0] if alone and same[0].guid not in self.guids else None

    def renamed(self, person: Person) -> Speaker | None:
        """By the source's id, where it stands for one name and the speaker's old name is gone."""
        if person.guid or not person.source_id or len(self.names_of[person.source_id]) > 1:
            return None
        same = [
            speaker
            for speaker in self.by_source[person.source_id]
            if folded(speaker.name) not in self.guids_of
        ]
        return same[0] if len(same) == 1 else None

    def made(self, person: Person) -> Speaker:
        """A new speaker, not yet saved."""
        return Speaker(
            event=self.event,
            guid=person.guid or made_guid(self.event.slug, "person", folded(person.name)),
            source_id=person.source_id,
            name=person.name,
            biography=person.biography or "",
            url=person.url or "",
        )


def brought_up(speaker: Speaker, person: Person) -> bool:
    """Give a speaker what the file says; whether anything changed."""
    before = (speaker.name, speaker.biography, speaker.url)
    if one_line(speaker.name, NO_LIMIT, Notes()) != person.name:
        speaker.name = person.name
    speaker.biography = speaker.biography if person.biography is None else person.biography
    speaker.url = speaker.url if person.url is None else person.url
    return before != (speaker.name, speaker.biography, speaker.url)
