"""What each valid badge's QR says. Only who is confirmed and not cancelled has a code."""

from collections.abc import Iterator
from typing import NamedTuple

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from convention import codes
from convention.errors import ConventionError
from convention.events.keys import signing_key
from convention.events.models import Event, EventKey
from convention.text import filed
from registrations.models import Registration

CHUNK = 2000


class NoBadge(ConventionError):
    """The registration is not confirmed, or is cancelled."""

    kind = "no-badge"
    status = 409


class Holder(NamedTuple):
    """Who wears a badge, as printed; ten thousand of these are light."""

    reference: str
    generation: int
    first_name: str
    last_name: str
    company: str
    ticket_id: int
    no_photo: bool

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}".strip()


def holder_of(registration: Registration) -> Holder:
    """The holder of one badge. Raises NoBadge."""
    if registration.confirmed_at is None or registration.cancelled_at is not None:
        raise NoBadge(_("There is a badge only for a confirmed registration."))
    return Holder(*(getattr(registration, field) for field in Holder._fields))


def holders_of(event: Event) -> list[Holder]:
    """Everyone with a valid badge, by last name as a reader sorts: accents and case do not count."""
    rows = Registration.objects.filter(event=event).confirmed().order_by("pk")
    holders = map(Holder._make, rows.values_list(*Holder._fields).iterator(CHUNK))
    return sorted(holders, key=lambda holder: (filed(holder.last_name), filed(holder.first_name)))


def code_of(registration: Registration) -> str:
    """The address in this registration's QR. Raises NoBadge."""
    return sign(holder_of(registration), signing_key(registration.event))


def codes_of(event: Event) -> Iterator[tuple[Holder, str]]:
    """Everyone with a valid badge and what its QR says, in the order of `holders_of`."""
    key = signing_key(event)
    return ((holder, sign(holder, key)) for holder in holders_of(event))


def sign(holder: Holder, key: EventKey) -> str:
    """The address in a holder's QR: the same each time, until the generation is raised."""
    return codes.address(token_of(holder.reference, holder.generation, key), settings.SITE_URL)


def token_of(reference: str, generation: int, key: EventKey) -> str:
    """What a registration's code says behind the address."""
    claim = codes.Claim(key=key.number, registration=reference, generation=generation)
    assert key.private_key is not None, "signing_key gives a key that can sign"
    return codes.sign(claim, key.private_key)


def event_of_code(token: str) -> Event | None:
    """The published event whose key signed the code, else None; nothing is said about the registration."""
    try:
        signed = codes.parse(token)
    except codes.MalformedCode:
        return None
    key = EventKey.objects.select_related("event__venue").filter(number=signed.claim.key).first()
    if key is None or not signed.is_signed_by(bytes(key.public_key)):
        return None
    return None if key.event.visibility == Event.Visibility.DRAFT else key.event
