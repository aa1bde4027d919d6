"""Recipients of mails to the club about a visit: the contact address of its event, else the secretaries."""

from dataclasses import dataclass

from django.conf import settings

from convention.club.models import ClubRole, Person
from convention.events.models import Event


@dataclass(frozen=True, kw_only=True)
class ClubRecipient:
    """An address of the club; `secretary_id` is None for the event's contact address."""

    address: str
    language: str
    secretary_id: int | None = None

    @property
    def key(self) -> str:
        """Return the recipient's part of a message key; it contains no address, because keys are logged."""
        return f"secretary-{self.secretary_id}" if self.secretary_id else "contact"


def list_club_recipients(event: Event) -> list[ClubRecipient]:
    """Return the recipients of mails to the club about a visit: its event's contact, else the secretaries.

    A club without a secretary is reached through its administrators.
    """
    if event.contact_email:
        return [ClubRecipient(address=event.contact_email, language=settings.LANGUAGE_CODE)]
    return [
        ClubRecipient(address=person.email or "", language=person.language, secretary_id=person.pk)
        for person in list_secretaries()
    ]


def find_club_recipient(event: Event, secretary_id: int | None) -> ClubRecipient | None:
    """Return the recipient that a task was queued for; None if they receive such mails no longer."""
    recipients = list_club_recipients(event)
    return next((one for one in recipients if one.secretary_id == secretary_id), None)


def list_secretaries() -> list[Person]:
    """Return the club's secretaries today who have an address; its administrators if there are none."""
    reachable = Person.objects.filter(is_active=True, email__isnull=False).order_by("pk")
    for role in (ClubRole.Role.SECRETARY, ClubRole.Role.ADMINISTRATOR):
        holders = ClubRole.objects.open().filter(role=role).values("person")
        if people := list(reachable.filter(pk__in=holders)):
            return people
    return []
