"""Find members who can be put forward for a visit in their place."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.db.models import QuerySet
from django.utils.translation import ngettext

from convention.api.throttles import TooManyRequests, consume_rate_limit, seconds_until_allowed
from convention.club.models import Person, Seat
from convention.club.permissions import can_read_directory
from convention.text.email_addresses import filter_by_email, normalize_email
from registrations.visits.models import Application, Visit

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser

MAX_MATCHES: Final = 20
MAX_SEARCH_LENGTH: Final = 200
MAX_LOOKUPS_PER_HOUR: Final = 30
HOUR_SECONDS: Final = 3600


class TooManyLookups(TooManyRequests):
    """The reader looked up too many addresses of members."""

    def describe_wait(self, minutes: int) -> str:
        sentence = ngettext(
            "You have looked up many addresses. To protect members’ names and employers, please wait "
            "%(minutes)d minute before you look up another one.",
            "You have looked up many addresses. To protect members’ names and employers, please wait "
            "%(minutes)d minutes before you look up another one.",
            minutes,
        )
        return sentence % {"minutes": minutes}


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


def build_search_context(*, visit: Visit, words: str, reader: Person) -> dict[str, object]:
    """Return the context of `visits/member_search.html`. Raise TooManyLookups."""
    words = words[:MAX_SEARCH_LENGTH]
    throttle_lookup(reader, words)
    return {
        "words": words,
        "can_search_names": can_read_directory(reader),
        "matches": find_members(visit=visit, words=words, reader=reader),
        "max_matches": MAX_MATCHES,
    }


def throttle_lookup(reader: Person, address: str) -> None:
    """Count an address that is looked up by somebody who does not read the directory.

    The same address counts once an hour. Raise TooManyLookups.
    """
    if not address.strip() or can_read_directory(reader):
        return
    # The search and the application that follows it are one look-up.
    subject = f"{reader.pk}:{normalize_email(address)}"
    if seconds_until_allowed("member address", subject, limit=1, window_seconds=HOUR_SECONDS):
        return
    try:
        consume_rate_limit(
            "member look-ups", str(reader.pk), limit=MAX_LOOKUPS_PER_HOUR, window_seconds=HOUR_SECONDS
        )
    except TooManyRequests as error:
        # Or the second attempt with this address would be answered.
        seconds_until_allowed("member address", subject, limit=1, window_seconds=HOUR_SECONDS, amount=-1)
        raise TooManyLookups(error.retry_after) from error


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
