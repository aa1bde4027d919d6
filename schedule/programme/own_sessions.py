"""The sessions of one visitor: chosen with a star, booked, and awaited on a waiting list."""

import uuid
from dataclasses import dataclass
from functools import cached_property

from convention import hooks
from convention.club.models import Person
from convention.events.models import Event
from schedule.models import PersonalAgenda


@dataclass(frozen=True)
class OwnSessions:
    """The visitor's sessions, read when first used; none for a visitor who is not recognized."""

    event: Event
    personal_agenda: PersonalAgenda | None = None
    person: Person | None = None

    @property
    def is_recognized(self) -> bool:
        return self.personal_agenda is not None or self.person is not None

    @cached_property
    def chosen_guids(self) -> dict[int, uuid.UUID]:
        """Return the sessions of the personal agenda: their guids by id."""
        return dict(self.personal_agenda.sessions.values_list("pk", "guid")) if self.personal_agenda else {}

    @cached_property
    def booked_ids(self) -> set[int]:
        """Return the ids of the sessions in which the visitor has a seat."""
        booked_ids: set[int] = set()
        if self.is_recognized:
            for find_booked_sessions in hooks.booked_sessions.providers():
                booked_ids |= find_booked_sessions(self.event, self.personal_agenda, self.person)
        return booked_ids

    @cached_property
    def awaited_texts(self) -> dict[int, str]:
        """Return sentences on the visitor's place in waiting lists or on an offered seat, by session id."""
        texts: dict[int, str] = {}
        if self.is_recognized:
            for describe_awaited_sessions in hooks.awaited_sessions.providers():
                texts |= describe_awaited_sessions(self.event, self.personal_agenda, self.person)
        return texts
