"""Find members who can be put forward for a visit in their place."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.db.models import QuerySet

from convention.club.models import Person, Seat
from convention.club.permissions import can_read_directory
from convention.text.email_addresses import filter_by_email
from registrations.visits.models import Application, Visit

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser

MAX_MATCHES: Final = 20
MAX_SEARCH_LENGTH: Final = 200


@dataclass(frozen=True)
class MemberMatch:
    """A member with the seat of the day of the visit, and their valid application if they have one."""

    seat: Seat
    application: Application | None

    @property
    def person(self) -> Person:
        return self.seat.person

    @property
    def is_waiting(self) -> bool:
        """Return whether the application has no place yet, but a waiting entry."""
        application = self.application
        return bool(application and application.waiting_entry_id and not application.registration_id)


def build_search_context(*, visit: Visit, words: str, reader: "RequestUser") -> dict[str, object]:
    """Return the context of `visits/member_search.html`."""
    words = words[:MAX_SEARCH_LENGTH]
    return {
        "words": words,
        "can_search_names": can_read_directory(reader),
        "matches": find_members(visit=visit, words=words, reader=reader),
        "max_matches": MAX_MATCHES,
    }


def find_members(*, visit: Visit, words: str, reader: "RequestUser") -> list[MemberMatch]:
    """Return up to `MAX_MATCHES` people with a seat on the day of the visit, by name.

    Readers of the directory search by name or address; others find the holder of an exact address only.
    """
    if not words.strip():
        return []
    people = Person.objects.filter(is_active=True, email__isnull=False)
    matching: QuerySet[Person] | list[Person] = (
        people.search_for(words) if can_read_directory(reader) else filter_by_email(people, words.strip())
    )
    seats = Seat.objects.granting_membership(at=visit.day).filter(person__in=matching)
    # The last seat of each person wins in the dict: the one that `get_open_seat` returns.
    by_person = {
        seat.person_id: seat
        for seat in seats.select_related("person", "membership__company").order_by(
            "person__sort_name", "person", "starts_on", "pk"
        )
    }
    found = list(by_person.values())[:MAX_MATCHES]
    valid = Application.objects.still_valid().filter(visit=visit, person__in=[s.person_id for s in found])
    applications = {application.person_id: application for application in valid}
    return [MemberMatch(seat, applications.get(seat.person_id)) for seat in found]
