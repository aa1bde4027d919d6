"""Find or create the speakers that a file names."""

import uuid
from collections import defaultdict
from collections.abc import Iterable

from convention.events.models import Event
from schedule.exchange.import_notes import ImportNotes
from schedule.exchange.parsed_programme import ParsedSpeaker
from schedule.exchange.parsing.clean_values import UNLIMITED_CHARS, clean_line
from schedule.models import Speaker

from .match_sessions import fold_for_matching, generate_guid


class SpeakerMatcher:
    """Finds the event's speaker for each speaker of a file: by guid, by name, by the source's id.

    Without guids, equal names are one speaker: old files number the same speaker anew in every session.
    """

    def __init__(self, event: Event, parsed_speakers: Iterable[ParsedSpeaker]) -> None:
        self.event = event
        self.parsed_speakers = list(dict.fromkeys(parsed_speakers))
        existing = list(event.speakers.all())
        self.speakers_by_guid = {speaker.guid: speaker for speaker in existing}
        self.speakers_by_name: dict[str, list[Speaker]] = defaultdict(list)
        self.speakers_by_source_id: dict[str, list[Speaker]] = defaultdict(list)
        for speaker in existing:
            self.speakers_by_name[fold_for_matching(speaker.name)].append(speaker)
            self.speakers_by_source_id[speaker.source_id].append(speaker)
        self.file_guids = {person.guid for person in self.parsed_speakers if person.guid}
        self.guids_by_name: dict[str, set[uuid.UUID | None]] = defaultdict(set)
        self.names_by_source_id: dict[str, set[str]] = defaultdict(set)
        for person in self.parsed_speakers:
            self.guids_by_name[fold_for_matching(person.name)].add(person.guid)
            self.names_by_source_id[person.source_id].add(fold_for_matching(person.name))

    def find_or_create_speakers(self) -> tuple[dict[ParsedSpeaker, Speaker], bool]:
        """Return a saved speaker for each in the file, and whether any was created or changed."""
        resolved: dict[object, Speaker] = {}
        new: list[Speaker] = []
        changed: list[Speaker] = []
        for person in self.parsed_speakers:
            # A speaker's entries may differ, in their biography for example; the first one counts.
            key = person.guid or fold_for_matching(person.name)
            if key in resolved:
                continue
            speaker = self.find_known(person)
            if speaker is None:
                speaker = self.build_speaker(person)
                new.append(speaker)
            elif update_speaker(speaker, person):
                changed.append(speaker)
            resolved[key] = speaker
        Speaker.objects.bulk_create(new)
        Speaker.objects.bulk_update(changed, ["name", "biography", "url"], batch_size=100)
        speakers = {
            person: resolved[person.guid or fold_for_matching(person.name)] for person in self.parsed_speakers
        }
        return speakers, bool(new or changed)

    def find_known(self, parsed_speaker: ParsedSpeaker) -> Speaker | None:
        """Return the event's speaker, None if there is none."""
        guid = parsed_speaker.guid or generate_guid(
            self.event.slug, "person", fold_for_matching(parsed_speaker.name)
        )
        return (
            self.speakers_by_guid.get(guid)
            or self.find_by_name(parsed_speaker)
            or self.find_by_source_id(parsed_speaker)
        )

    def find_by_name(self, parsed_speaker: ParsedSpeaker) -> Speaker | None:
        """Find by name; for a guid unknown to the event, only if no two speakers share the name."""
        namesakes = self.speakers_by_name[fold_for_matching(parsed_speaker.name)]
        if parsed_speaker.guid is None or not namesakes:
            return namesakes[0] if namesakes else None
        # With a guid, a namesake may be another person: the name must be unique on both sides, and the known
        # speaker's own guid gone from the file.
        file_guid_count = len(self.guids_by_name[fold_for_matching(parsed_speaker.name)])
        is_unique = len(namesakes) == 1 and file_guid_count == 1
        return namesakes[0] if is_unique and namesakes[0].guid not in self.file_guids else None

    def find_by_source_id(self, parsed_speaker: ParsedSpeaker) -> Speaker | None:
        """Find a renamed speaker by the source's id, if only one name has it and the old name is gone."""
        if (
            parsed_speaker.guid
            or not parsed_speaker.source_id
            or len(self.names_by_source_id[parsed_speaker.source_id]) > 1
        ):
            return None
        renamed = [
            speaker
            for speaker in self.speakers_by_source_id[parsed_speaker.source_id]
            if fold_for_matching(speaker.name) not in self.guids_by_name
        ]
        return renamed[0] if len(renamed) == 1 else None

    def build_speaker(self, parsed_speaker: ParsedSpeaker) -> Speaker:
        """Return an unsaved speaker."""
        return Speaker(
            event=self.event,
            guid=parsed_speaker.guid
            or generate_guid(self.event.slug, "person", fold_for_matching(parsed_speaker.name)),
            source_id=parsed_speaker.source_id,
            name=parsed_speaker.name,
            biography=parsed_speaker.biography or "",
            url=parsed_speaker.url or "",
        )


def update_speaker(speaker: Speaker, parsed_speaker: ParsedSpeaker) -> bool:
    """Update a speaker from the file; return whether anything changed."""
    before = (speaker.name, speaker.biography, speaker.url)
    # The file's names are cleaned, so a stored name that differs only in that is not changed.
    if clean_line(speaker.name, UNLIMITED_CHARS, ImportNotes()) != parsed_speaker.name:
        speaker.name = parsed_speaker.name
    speaker.biography = speaker.biography if parsed_speaker.biography is None else parsed_speaker.biography
    speaker.url = speaker.url if parsed_speaker.url is None else parsed_speaker.url
    return before != (speaker.name, speaker.biography, speaker.url)
