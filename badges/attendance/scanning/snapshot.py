"""Build the snapshot from which a device decides offline.

`GET /api/v1/scanner/snapshot/?since=SEQ&presences=CURSOR`. Without `since`, with one that this event never
reached, or after presences were rebuilt, the snapshot is complete, `full` is true, and the device replaces
its data; otherwise it holds only changes. Both cursors are numbers of changes, not times, and are sent back
with the next request; an invalid `presences` cursor gets all presences. If nothing changed, a request with
the ETag in If-None-Match gets 304.

    {"sequence": 42, "presences_cursor": "118", "full": true,
     "server_time": "2026-06-17T08:31:02.120000+02:00",
     "event": {"slug": "convention", "name": "...", "name_en": "", "timezone": "Europe/Paris"},
     "device": {"id": 7, "name": "", "checkpoint": 3, "expires_at": "...", "can_override": false},
     "keys": [{"number": 12, "public_key": "base64url of 32 bytes"}],
     "checkpoints": [{"id": 3, "name": "Entrée", "kind": "entrance", "door": 3, "opens_at": null,
                      "closes_at": null, "is_strict": false, "capacity": null, "session": null}],
     "registrations": [{"key": "16 characters", "badge_version": 1, "state": "confirmed", "sealed": "..."}],
     "removed": ["16 characters"],
     "presences": [{"key": "...", "door": 3, "is_inside": true, "entered_at": "...", "left_at": null,
                    "read_at": "...", "gate": "Entrée", "is_mine": true}]}

`registrations` are all that ever had a valid badge: "confirmed", "cancelled", or "merged" into another
registration of the same attendee. `removed` are those that lost their place without ever having had one.
For `key` and `sealed` see record_encryption.py; the encrypted record is {"name", "company", "ticket", "note",
"no_photo"}, with "ticket_en" if the ticket has another name in English, and "sessions", the ids of booked
sessions, if there are any. A checkpoint's `session` is set only if that session takes bookings: then only
attendees who booked it may enter.
`door` is the checkpoint at which scans count. Two gates of one entrance share it, so presences are looked up
by it, and only those of the device's own `door` are sent. `is_mine`: this device read that entry.
"""

import datetime
import hashlib
from typing import TYPE_CHECKING, Any

from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from badges.attendance.models import Checkpoint, Device, Presence
from badges.codes import sign_badge_token
from convention.errors import InvalidFields
from convention.events.signing_keys import get_signing_key
from registrations.models import Registration, SessionBooking

from .numbering import is_cursor_invalid, number_changes
from .record_encryption import encode_base64url, encrypt_record, make_registration_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convention.events.models import EventKey

# 18 digits fit into a bigint; longer cursors would overflow the column.
MAX_CURSOR_DIGITS = 18


def parse_cursors(since: str | None, presences: str) -> tuple[int, int | None]:
    """Return both cursors; the second is None if it is not a number. Raise InvalidFields for the first."""
    if since is not None and not is_number(since):
        raise InvalidFields(_("“since” is a sequence number."), {"since": [str(_("Send a whole number."))]})
    return int(since or 0), int(presences) if is_number(presences) else None


def is_number(text: str) -> bool:
    """Return whether the text can be a sequence number."""
    return text.isascii() and text.isdigit() and len(text) <= MAX_CURSOR_DIGITS


def make_etag(device: Device, since: int, cursor: int | None) -> str:
    """Return the ETag of a snapshot, made of the event, its presences, the device and both cursors."""
    # Numbers are given here, before the tag is compared, so that new scans change the tag at once.
    latest = number_changes(device.event_id)
    parts = (
        device.pk,
        device.checkpoint_id,
        device.can_override,
        device.event.sequence,
        latest,
        since,
        cursor,
    )
    return f'"{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}"'


def build_snapshot(device: Device, *, since: int = 0, cursor: int | None = None) -> dict[str, Any]:
    """Return the response that the module's docstring describes."""
    event = device.event
    signing_key = get_signing_key(event)
    # Before the presences are read: what changes in between is sent twice rather than never.
    latest = number_changes(event.pk)
    is_restarted = cursor is not None and is_cursor_invalid(event.pk, cursor)
    # A sequence from the future comes from a database that was restored since: start over.
    full = since <= 0 or since > event.sequence or is_restarted
    # A cursor from the future was never given: perhaps the database was restored from a backup.
    if cursor is not None and cursor > latest:
        cursor = None
    changed = Registration.objects.filter(event=event)
    changed = changed if full else changed.filter(sequence__gt=since)
    return {
        "sequence": event.sequence,
        "presences_cursor": str(latest) if latest else "",
        "full": full,
        "server_time": timezone.localtime(timezone=event.zone).isoformat(),
        "event": {
            "slug": event.slug,
            "name": event.name,
            "name_en": event.name_en,
            "timezone": event.timezone,
        },
        "device": describe_device(device),
        "keys": [
            {"number": key.number, "public_key": encode_base64url(bytes(key.public_key))}
            for key in event.keys.all()
        ],
        "checkpoints": [
            describe_checkpoint(checkpoint) for checkpoint in event.checkpoints.select_related("session")
        ],
        "registrations": list(describe_registrations(signing_key, changed, find_booked_sessions(changed))),
        # A full snapshot replaces the device's data, so it need not name what to delete.
        "removed": [] if full else list_removed_keys(changed),
        "presences": list(describe_presences(device, None if full else cursor)),
    }


def describe_device(device: Device) -> dict[str, Any]:
    return {
        "id": device.pk,
        "name": device.name,
        "checkpoint": device.checkpoint_id,
        "expires_at": device.expires_at.isoformat(),
        "can_override": device.can_override,
    }


def describe_checkpoint(checkpoint: Checkpoint) -> dict[str, Any]:
    return {
        "id": checkpoint.pk,
        "name": checkpoint.name,
        "kind": checkpoint.kind,
        "door": checkpoint.presence_checkpoint_id,
        "opens_at": format_time(checkpoint.opens_at),
        "closes_at": format_time(checkpoint.closes_at),
        "is_strict": checkpoint.is_strict,
        "capacity": checkpoint.capacity,
        # Phones admit by booking wherever this is set; sessions open to all must not name themselves.
        "session": checkpoint.session_id if checkpoint.session and checkpoint.session.is_bookable else None,
    }


def format_time(moment: datetime.datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def find_booked_sessions(changed: Any) -> dict[int, list[int]]:
    """Return the ids of the sessions that each of these registrations has booked."""
    bookings = SessionBooking.objects.active().filter(registration__in=changed.order_by().values("pk"))
    sessions_by_registration: dict[int, list[int]] = {}
    for registration, session in bookings.order_by("pk").values_list("registration", "session"):
        sessions_by_registration.setdefault(registration, []).append(session)
    return sessions_by_registration


def describe_registrations(
    signing_key: "EventKey", changed: Any, booked: dict[int, list[int]]
) -> "Iterator[dict[str, Any]]":
    """Yield the registrations that have or had a valid badge, each encrypted under its current code."""
    rows = changed.filter(confirmed_at__isnull=False).order_by("pk").values_list(
        "pk", "reference", "badge_version", "cancelled_at", "merged_into", "first_name", "last_name",
        "company", "no_photo",
        "ticket__name", "ticket__name_en",
    )  # fmt: skip
    for (
        pk,
        reference,
        badge_version,
        cancelled_at,
        merged_into,
        first,
        last,
        company,
        no_photo,
        *names,
    ) in rows:
        record = {
            "name": f"{first} {last}".strip(),
            "company": company,
            **describe_ticket(*names),
            "note": "",
            "no_photo": no_photo,
            # Left out rather than sent empty: snapshots of 10,000 registrations must stay below 3 MB
            # (figures.md).
        } | ({"sessions": booked[pk]} if pk in booked else {})
        yield {
            "key": make_registration_key(reference),
            "badge_version": badge_version,
            # A merged registration is cancelled too; "merged" gives the operator the better reason.
            "state": "merged" if merged_into else "cancelled" if cancelled_at else "confirmed",
            "sealed": encrypt_record(sign_badge_token(reference, badge_version, signing_key), record),
        }


def describe_ticket(name: str, name_en: str) -> dict[str, str]:
    """Return the ticket's names; the English one only if it differs, since every record repeats it."""
    return {"ticket": name} if name_en in {"", name} else {"ticket": name, "ticket_en": name_en}


def list_removed_keys(changed: Any) -> list[str]:
    """Return the keys of registrations that lost their place without ever having had a badge."""
    removed = changed.filter(confirmed_at__isnull=True).filter(
        Q(cancelled_at__isnull=False) | Q(hold_expires_at__lte=timezone.now())
    )
    return [make_registration_key(reference) for reference in removed.values_list("reference", flat=True)]


def describe_presences(device: Device, cursor: int | None) -> "Iterator[dict[str, Any]]":
    """Yield the presences at the device's checkpoint that changed since the cursor."""
    own_checkpoint = device.checkpoint.presence_checkpoint_id
    rows = Presence.objects.filter(event=device.event_id, checkpoint=own_checkpoint, version__gt=0)
    if cursor is not None:
        rows = rows.filter(sequence__gt=cursor)
    fields = ("is_inside", "last_entered_at", "last_left_at", "last_scan_at", "last_device_id")
    for reference, checkpoint_id, gate, inside, entered, left, read, device_id in rows.values_list(
        "registration__reference", "checkpoint_id", F("last_device__checkpoint__name"), *fields
    ):
        yield {
            "key": make_registration_key(reference),
            "door": checkpoint_id,
            "is_inside": inside,
            "entered_at": format_time(entered),
            "left_at": format_time(left),
            "read_at": format_time(read),
            "gate": gate or "",
            "is_mine": device_id == device.pk,
        }
