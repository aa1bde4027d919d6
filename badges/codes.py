"""Build badge codes: the signed address in each valid badge's QR.

Only registrations that are confirmed, not cancelled and have a name have a code.
"""

import base64
import hashlib
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from django.conf import settings
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from convention.codes import badge_codes
from convention.codes.qr import draw_svg_symbol
from convention.errors import ConventionError
from convention.events.models import Event, EventKey
from convention.events.signing_keys import get_signing_key
from convention.text.normalize import name_search_key
from registrations.models import Registration

HOLDER_CHUNK_SIZE = 2000
# Five bytes are eight letters of base32, without padding.
SHORT_CODE_BYTES = 5
SHORT_CODE_PREFIX = b"convention short code\0"
# Large enough for the camera of a phone at the width of another phone.
BADGE_SYMBOL_PIXELS = 220


class NoBadge(ConventionError):
    kind = "no-badge"
    status = 409


class BadgeHolder(NamedTuple):
    """The data printed on a badge; a tuple, since ten thousand of them are in memory at once."""

    reference: str
    badge_version: int
    first_name: str
    last_name: str
    company: str
    ticket_id: int
    no_photo: bool

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


def get_badge_holder(registration: Registration) -> BadgeHolder:
    """Return the holder of one badge. Raise NoBadge."""
    # Without a stored flag: a code exists exactly as long as the registration is valid.
    if registration.confirmed_at is None or registration.cancelled_at is not None:
        raise NoBadge(_("Badges are available for confirmed registrations only."))
    if not registration.has_name:
        raise NoBadge(_("The attendee’s name is still missing. Enter it, then print the badge."))
    return BadgeHolder(*(getattr(registration, field) for field in BadgeHolder._fields))


def list_badge_holders(event: Event, *, registration_ids: Collection[int] | None = None) -> list[BadgeHolder]:
    """Return everyone with a name and a valid badge, sorted by last name, ignoring accents and case.

    `registration_ids` are those that are wanted; None means all.
    """
    rows = Registration.objects.filter(event=event).with_badge().order_by("pk")
    if registration_ids is not None:
        rows = rows.filter(pk__in=registration_ids)
    holders = map(BadgeHolder._make, rows.values_list(*BadgeHolder._fields).iterator(HOLDER_CHUNK_SIZE))
    # In Python: PostgreSQL and SQLite sort accents differently, and lists must have one order everywhere.
    return sorted(
        holders, key=lambda holder: (name_search_key(holder.last_name), name_search_key(holder.first_name))
    )


def list_unnamed_holders(
    event: Event, *, registration_ids: Collection[int] | None = None
) -> list[BadgeHolder]:
    """Return the confirmed places that have no badge because their name is to follow, oldest first."""
    rows = Registration.objects.filter(event=event, first_name="", last_name="").confirmed().order_by("pk")
    if registration_ids is not None:
        rows = rows.filter(pk__in=registration_ids)
    return [BadgeHolder._make(row) for row in rows.values_list(*BadgeHolder._fields)]


def build_badge_code(registration: Registration) -> str:
    """Return the address in this registration's QR. Raise NoBadge."""
    return build_holder_code(get_badge_holder(registration), get_signing_key(registration.event))


def draw_badge_symbols(registrations: Sequence[Registration]) -> dict[int, SafeString]:
    """Return the QR symbol of each named registration of one event with a valid badge, by id. A hook."""
    holders = [row for row in registrations if row.has_name and row.state == Registration.State.CONFIRMED]
    if not holders:
        return {}
    key = get_signing_key(holders[0].event)
    return {
        row.pk: draw_svg_symbol(build_holder_code(get_badge_holder(row), key), size=BADGE_SYMBOL_PIXELS)
        for row in holders
    }


def build_badge_codes(event: Event) -> Iterator[tuple[BadgeHolder, str]]:
    """Return all holders with their codes, in the order of `list_badge_holders`."""
    key = get_signing_key(event)
    return ((holder, build_holder_code(holder, key)) for holder in list_badge_holders(event))


def build_holder_code(holder: BadgeHolder, key: EventKey) -> str:
    """Return the address in a holder's QR; it stays the same until `badge_version` is raised."""
    return badge_codes.build_code_address(
        sign_badge_token(holder.reference, holder.badge_version, key), settings.SITE_URL
    )


def make_short_code(code: str) -> str:
    """Return the eight letters to type where a badge's QR, of which `code` is the text, cannot be read.

    They follow from the signed token, so that they change with `badge_version` and only a badge reveals them.
    """
    token = code.rpartition("/")[2].encode()
    return base64.b32encode(hashlib.sha256(SHORT_CODE_PREFIX + token).digest()[:SHORT_CODE_BYTES]).decode()


def sign_badge_token(reference: str, badge_version: int, key: EventKey) -> str:
    claim = badge_codes.BadgeClaim(
        key_number=key.number, registration_reference=reference, badge_version=badge_version
    )
    assert key.private_key is not None, "get_signing_key returns a key that can sign"
    return badge_codes.sign_claim(claim, key.private_key)


def find_event_by_token(token: str) -> Event | None:
    """Return the published event whose key signed the token, else None.

    Whether the registration is valid is not checked, so the public page cannot reveal it.
    """
    try:
        signed = badge_codes.parse_badge_code(token)
    except badge_codes.MalformedCode:
        return None
    # Any key of the event, also a replaced one: badges signed by earlier keys stay valid.
    key = EventKey.objects.select_related("event__venue").filter(number=signed.claim.key_number).first()
    if key is None or not signed.is_signed_by(bytes(key.public_key)):
        return None
    # Badges can be printed before the event is published, and a draft must stay unknown to the public.
    return None if key.event.visibility == Event.Visibility.DRAFT else key.event
