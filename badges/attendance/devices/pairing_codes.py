"""Pair phones by single-use codes: a screen shows one code after the other, and each pairs one phone.

The code shown is derived from SECRET_KEY, a random nonce and the number of codes used, so that the screen can
be loaded again and the database alone reveals no code.
"""

import base64
import datetime
import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from badges.attendance.authentication import hash_token
from badges.attendance.models import MAX_DEVICE_NAME_LENGTH, Checkpoint, Device, PairingInvitation
from convention.audit.record import record_action
from convention.club.models import Person
from convention.errors import ConventionError

from .pairing import Pairing, create_device_token, save_paired_device

CODE_LIFETIME = datetime.timedelta(minutes=30)
# 130 bits in base32, which a QR symbol holds in its compact mode.
CODE_LENGTH = 26
NONCE_BYTES = 32
# Fields of an invitation and of the devices paired by it.
DEVICE_RIGHTS = ("can_override", "can_change_checkpoint")


class UnknownPairingCode(ConventionError):
    """No screen shows this code."""

    kind = "pairing-code-unknown"
    status = 404


class PairingCodeUsed(ConventionError):
    """Another phone was paired with this code."""

    kind = "pairing-code-used"
    status = 409


class PairingCodeExpired(ConventionError):
    """The code was shown too long ago."""

    kind = "pairing-code-expired"
    status = 410


@dataclass(frozen=True)
class ShownCode:
    """The code that an invitation's screen shows now."""

    invitation: PairingInvitation

    @property
    def text(self) -> str:
        return derive_pairing_code(self.invitation)

    @property
    def spaced_text(self) -> str:
        """Return the code in groups of five, for reading and typing; phones ignore the spaces."""
        return " ".join(self.text[start : start + 5] for start in range(0, CODE_LENGTH, 5))

    @property
    def url(self) -> str:
        """Return the address that the phone opens, in the active language.

        Browsers send no fragment, so no server logs the code.
        """
        return f"{settings.SITE_URL}{reverse('scan')}#code={self.text}"


@transaction.atomic
def invite_devices(
    *, checkpoint: Checkpoint, person: Person, name: str = "", rights: Collection[str] = ()
) -> PairingInvitation:
    """Begin a screen of pairing codes for a checkpoint. Expired ones of all events are deleted.

    `rights` are those of DEVICE_RIGHTS that the phones get beyond scanning.
    """
    now, event = timezone.now(), checkpoint.event
    PairingInvitation.objects.filter(expires_at__lt=now - CODE_LIFETIME).delete()
    invitation = PairingInvitation(
        event=event,
        checkpoint=checkpoint,
        name=name,
        shown_by=person,
        nonce=secrets.token_urlsafe(NONCE_BYTES),
        expires_at=now + CODE_LIFETIME,
        **{right: right in rights for right in DEVICE_RIGHTS},
    )
    invitation.code_hash = hash_pairing_code(derive_pairing_code(invitation))
    invitation.save()
    record_action("device.invite", checkpoint, event=event, fields=["checkpoint", *DEVICE_RIGHTS])
    return invitation


@transaction.atomic
def pair_by_code(*, code: str, public_key: bytes, name: str = "") -> Pairing:
    """Pair a phone that has this key; the screen shows the next code from then on.

    The same code with the same key gives a new token for the same device: the answer may have been lost.
    Raise UnknownPairingCode, PairingCodeUsed or PairingCodeExpired.
    """
    code_hash, now = hash_pairing_code(code), timezone.now()
    # Locked first: a second request with this code waits here, and then finds the code used.
    invitation = (
        PairingInvitation.objects.select_for_update(of=("self",))
        .select_related("checkpoint__event", "shown_by")
        .filter(code_hash=code_hash)
        .first()
    )
    if invitation is None:
        return _renew_pairing(code_hash, public_key, now)
    if invitation.expires_at <= now:
        raise PairingCodeExpired(
            _("This pairing code has expired. Scan the one currently on the organizer’s screen.")
        )
    device = Device(
        checkpoint=invitation.checkpoint,
        name=name.strip()[:MAX_DEVICE_NAME_LENGTH] or invitation.name,
        can_override=invitation.can_override,
        can_change_checkpoint=invitation.can_change_checkpoint,
        public_key=public_key,
        pairing_code_hash=code_hash,
        pairing_code_expires_at=invitation.expires_at,
        invitation=invitation,
    )
    pairing = save_paired_device(device, invitation.shown_by)
    _show_next_code(invitation, now)
    return pairing


def _renew_pairing(code_hash: str, public_key: bytes, now: datetime.datetime) -> Pairing:
    """Give the device that was paired by this code another token.

    Raise UnknownPairingCode or PairingCodeUsed.
    """
    devices = Device.objects.select_for_update(of=("self",)).select_related("checkpoint", "event")
    device = devices.filter(pairing_code_hash=code_hash).first()
    if device is None:
        raise UnknownPairingCode(
            _("This pairing code is unknown. Scan the one currently on the organizer’s screen.")
        )
    has_same_key = device.public_key is not None and bytes(device.public_key) == public_key
    expires_at = device.pairing_code_expires_at
    if (
        not has_same_key
        or expires_at is None
        or expires_at <= now
        or not Device.objects.valid().filter(pk=device.pk)
    ):
        raise PairingCodeUsed(
            _("This pairing code has already been used. Scan the one currently on the organizer’s screen.")
        )
    token = create_device_token()
    device.token_hash = hash_token(token)
    device.save(update_fields=["token_hash"])
    return Pairing(device, token)


def _show_next_code(invitation: PairingInvitation, now: datetime.datetime) -> None:
    invitation.used_count += 1
    invitation.code_hash = hash_pairing_code(derive_pairing_code(invitation))
    invitation.expires_at = now + CODE_LIFETIME
    invitation.save(update_fields=["used_count", "code_hash", "expires_at"])


def derive_pairing_code(invitation: PairingInvitation) -> str:
    """Return the code that the invitation's screen shows now."""
    text = f"{invitation.nonce}:{invitation.used_count}"
    digest = salted_hmac("attendance.pairing_code", text, algorithm="sha256").digest()
    return base64.b32encode(digest).decode()[:CODE_LENGTH]


def hash_pairing_code(code: str) -> str:
    """Return the hash that is stored instead of a code, which may be typed in lower case."""
    return hashlib.sha256(code.strip().upper().encode("utf-8", "surrogatepass")).hexdigest()
