"""What a device needs to decide by itself: `GET /api/v1/scanner/snapshot/?since=SEQ&presences=CURSOR`.

Without `since`, or with one that this event never reached, all is told and `full` is true: the device
then replaces what it holds; so it does after presences were made anew. Else only what changed since comes
along. Both cursors are numbers of changes, not times, and are given back on the next request; one of
presences that is none, or that was never given, is told all of them. Unchanged, with the ETag sent back in
If-None-Match: 304 without a body.

    {"sequence": 42, "presences_cursor": "118", "full": true,
     "server_time": "2026-06-17T08:31:02.120000+02:00",
     "event": {"slug": "convention", "name": "...", "name_en": "", "timezone": "Europe/Paris"},
     "device": {"id": 7, "name": "", "checkpoint": 3, "expires_at": "..."},
     "keys": [{"number": 12, "public_key": "base64url of 32 bytes"}],
     "checkpoints": [{"id": 3, "name": "Entrée", "kind": "entrance", "door": 3, "opens_at": null,
                      "closes_at": null, "is_strict": false, "capacity": null, "session": null}],
     "registrations": [{"key": "16 characters", "generation": 1, "state": "confirmed", "sealed": "..."}],
     "removed": ["16 characters"],
     "presences": [{"key": "...", "door": 3, "is_inside": true, "entered_at": "...", "left_at": null,
                    "read_at": "...", "gate": "Entrée", "is_mine": true}]}

`key`, `sealed`: see sealing.py; the sealed record is {"name", "company", "ticket", "note", "no_photo"}, with
"ticket_en" where the ticket has another name in English, and "sessions" where seats are booked: the ids of
their sessions. A checkpoint's `session` is the id of its session where that takes bookings: only who booked
it may enter there.
`registrations` are all who ever had a valid badge (state "confirmed", "cancelled", or "merged" where another
registration of the same person stays); `removed` are
those who no longer have a place and never had a badge. `door`: where a checkpoint's scans count; two
gates of one entrance share one, so presences are looked up by the door. `is_mine`: this device read
that entry.
Only the presences of the device's own door are told.
"""

import datetime
import hashlib
from typing import TYPE_CHECKING, Any

from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from badges.codes import token_of
from convention.errors import InvalidFields
from convention.events.keys import signing_key
from registrations.models import Registration, SessionSeat

from .models import Checkpoint, Device, Presence
from .numbering import is_outdated, number_changes
from .sealing import encode, seal, short_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convention.events.models import EventKey

LONGEST = 18
"""Digits of a cursor."""


def parse_cursors(since: str | None, presences: str) -> tuple[int, int | None]:
    """Return both cursors as sent; None for one of presences that is no number. Raises InvalidFields."""
    if since is not None and not is_number(since):
        raise InvalidFields(_("“since” is a sequence number."), {"since": [str(_("Send a whole number."))]})
    return int(since or 0), int(presences) if is_number(presences) else None


def is_number(text: str) -> bool:
    """Return whether a text is a number of a change."""
    return text.isascii() and text.isdigit() and len(text) <= LONGEST


def etag_of(device: Device, since: int, cursor: int | None) -> str:
    """Return a tag of the answer: it changes with the sequence, presences, the device and both cursors."""
    latest = number_changes(device.event_id)
    parts = (
        device.pk,
        device.checkpoint_id,
        device.may_override,
        device.event.sequence,
        latest,
        since,
        cursor,
    )
    return f'"{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}"'


def snapshot_of(device: Device, *, since: int = 0, cursor: int | None = None) -> dict[str, Any]:
    """Return the whole answer, as the module's docstring gives it."""
    event = device.event
    key = signing_key(event)
    latest = number_changes(event.pk)
    is_restarted = cursor is not None and is_outdated(event.pk, cursor)
    full = since <= 0 or since > event.sequence or is_restarted
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
            {"number": key.number, "public_key": encode(bytes(key.public_key))} for key in event.keys.all()
        ],
        "checkpoints": [
            describe_checkpoint(checkpoint) for checkpoint in event.checkpoints.select_related("session")
        ],
        "registrations": list(describe_registrations(key, changed, booked_by(changed))),
        "removed": [] if full else removed_keys(changed),
        "presences": list(describe_presences(device, None if full else cursor)),
    }


def describe_device(device: Device) -> dict[str, Any]:
    """What a device is told of itself."""
    return {
        "id": device.pk,
        "name": device.name,
        "checkpoint": device.checkpoint_id,
        "expires_at": device.expires_at.isoformat(),
        "may_override": device.may_override,
    }


def describe_checkpoint(checkpoint: Checkpoint) -> dict[str, Any]:
    """A door, with the window in which it admits."""
    return {
        "id": checkpoint.pk,
        "name": checkpoint.name,
        "kind": checkpoint.kind,
        "door": checkpoint.door_id,
        "opens_at": said(checkpoint.opens_at),
        "closes_at": said(checkpoint.closes_at),
        "is_strict": checkpoint.is_strict,
        "capacity": checkpoint.capacity,
        "session": checkpoint.session_id if checkpoint.session and checkpoint.session.is_bookable else None,
    }


def said(moment: datetime.datetime | None) -> str | None:
    """A time as the API says it."""
    return moment.isoformat() if moment else None


def booked_by(changed: Any) -> dict[int, list[int]]:
    """The sessions in which each of these registrations has a seat."""
    seats = SessionSeat.objects.standing().filter(registration__in=changed.order_by().values("pk"))
    found: dict[int, list[int]] = {}
    for registration, session in seats.order_by("pk").values_list("registration", "session"):
        found.setdefault(registration, []).append(session)
    return found


def describe_registrations(
    key: "EventKey", changed: Any, booked: dict[int, list[int]]
) -> "Iterator[dict[str, Any]]":
    """Those who have or had a valid badge, each sealed under its present code."""
    rows = changed.filter(confirmed_at__isnull=False).order_by("pk").values_list(
        "pk", "reference", "generation", "cancelled_at", "merged_into", "first_name", "last_name",
        "company", "no_photo",
        "ticket__name", "ticket__name_en",
    )  # fmt: skip
    for pk, reference, generation, cancelled_at, merged_into, first, last, company, no_photo, *names in rows:
        record = {
            "name": f"{first} {last}".strip(),
            "company": company,
            **named(*names),
            "note": "",
            "no_photo": no_photo,
        } | ({"sessions": booked[pk]} if pk in booked else {})
        yield {
            "key": short_key(reference),
            "generation": generation,
            "state": "merged" if merged_into else "cancelled" if cancelled_at else "confirmed",
            "sealed": seal(token_of(reference, generation, key), record),
        }


def named(name: str, name_en: str) -> dict[str, str]:
    """A ticket's names; the English one only where it is another, since every record carries it."""
    return {"ticket": name} if name_en in {"", name} else {"ticket": name, "ticket_en": name_en}


def removed_keys(changed: Any) -> list[str]:
    """Those who lost their place without ever having had a badge."""
    gone = changed.filter(confirmed_at__isnull=True).filter(
        Q(cancelled_at__isnull=False) | Q(held_until__lte=timezone.now())
    )
    return [short_key(reference) for reference in gone.values_list("reference", flat=True)]


def describe_presences(device: Device, cursor: int | None) -> "Iterator[dict[str, Any]]":
    """Who was read at the device's door and when, changed since the cursor."""
    door = device.checkpoint.door_id
    rows = Presence.objects.filter(event=device.event_id, checkpoint=door, version__gt=0)
    if cursor is not None:
        rows = rows.filter(sequence__gt=cursor)
    fields = ("is_inside", "last_in", "last_out", "latest_at", "last_device_id")
    for reference, at_door, gate, inside, entered, left, read, device_id in rows.values_list(
        "registration__reference", "checkpoint_id", F("last_device__checkpoint__name"), *fields
    ):
        yield {
            "key": short_key(reference),
            "door": at_door,
            "is_inside": inside,
            "entered_at": said(entered),
            "left_at": said(left),
            "read_at": said(read),
            "gate": gate or "",
            "is_mine": device_id == device.pk,
        }
