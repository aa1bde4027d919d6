"""Load the list of speakers with their answers, addresses and availability, for organizers."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.utils.translation import pgettext_lazy

from convention.events.models import Event
from convention.mail.bounces import find_bounced_addresses
from convention.text.email_addresses import normalize_email
from convention.text.normalize import matches_search_words, search_text, split_search_words
from schedule.models import Session, SessionSpeaker, Speaker, SpeakerLink

from .audience import SpeakerState

STATE_LABELS: Final = {
    SpeakerState.UNCONFIRMED: pgettext_lazy("speakers", "no answer for a session"),
    SpeakerState.DECLINED: pgettext_lazy("speakers", "declined"),
    SpeakerState.UNANSWERED: pgettext_lazy("speakers", "availability not given"),
    SpeakerState.NO_ADDRESS: pgettext_lazy("speakers", "no e-mail address"),
}


@dataclass(frozen=True)
class SpeakerRow:
    """One speaker of the list; sessions are those that are not cancelled."""

    speaker: Speaker
    link: SpeakerLink | None
    session_count: int
    confirmed_count: int
    declined_count: int
    has_bounced: bool

    @property
    def open_count(self) -> int:
        """Return how many sessions the speaker neither confirmed nor declined."""
        return self.session_count - self.confirmed_count - self.declined_count

    def has_state(self, state: str) -> bool:
        """Return whether the speaker is in that state; True for an unknown one, which filters nothing."""
        states = SpeakerState
        has_answered = self.link is not None and self.link.answered_at is not None
        matches_state = {
            states.UNCONFIRMED.value: self.open_count > 0,
            states.DECLINED.value: self.declined_count > 0,
            states.UNANSWERED.value: not has_answered,
            states.NO_ADDRESS.value: not self.speaker.email,
        }
        return matches_state.get(state, True)


def load_speaker_rows(event: Event) -> list[SpeakerRow]:
    """Return all speakers of the event by name."""
    stored = event.speakers.select_related("link").defer("biography", "biography_html")
    speakers = sorted(stored, key=lambda speaker: search_text(speaker.name))
    appearances: dict[int, list[SessionSpeaker]] = {}
    rows = SessionSpeaker.objects.filter(session__event=event, session__cancelled_at=None)
    for appearance in rows.exclude(session__role=Session.Role.BLOCKER):
        appearances.setdefault(appearance.speaker_id, []).append(appearance)
    bounced = find_bounced_addresses(speaker.email for speaker in speakers)
    return [_make_row(speaker, appearances.get(speaker.pk, []), bounced) for speaker in speakers]


def _make_row(speaker: Speaker, appearances: list[SessionSpeaker], bounced: set[str]) -> SpeakerRow:
    return SpeakerRow(
        speaker=speaker,
        # A reverse one-to-one relation without a row raises.
        link=getattr(speaker, "link", None),
        session_count=len(appearances),
        confirmed_count=sum(appearance.confirmed_at is not None for appearance in appearances),
        declined_count=sum(appearance.declined_at is not None for appearance in appearances),
        has_bounced=bool(speaker.email) and normalize_email(speaker.email) in bounced,
    )


def count_states(rows: Iterable[SpeakerRow]) -> dict[str, int]:
    """Return how many speakers are under each state of the list."""
    known = list(rows)
    return {state: sum(row.has_state(state) for row in known) for state in STATE_LABELS}


def filter_rows(rows: Iterable[SpeakerRow], *, words: str, state: str) -> list[SpeakerRow]:
    """Return the speakers with all of the words in their name, under that state."""
    wanted = split_search_words(words)
    # Compared in Python, since search_text has no counterpart in SQL.
    return [
        row
        for row in rows
        if row.has_state(state) and matches_search_words(wanted, search_text(row.speaker.name))
    ]
