"""Resolve the short code of a badge, which is typed where its QR code cannot be read."""

import hashlib
import re
from collections.abc import Iterable

from django.core.cache import cache

from badges.attendance.models import Device, Scan
from badges.codes import build_badge_codes, make_short_code
from convention.api.throttles import TooManyRequests, consume_rate_limit
from convention.codes.badge_codes import BadgeClaim
from convention.events.models import Event

from ..signatures import CheckedCode

SHORT_CODE_PATTERN = "[A-Z2-7]{8}"
SHORT_CODES_CACHE_SECONDS = 600
# 40 bits cannot be guessed at this pace, and nobody types faster.
MAX_SHORT_CODES, SHORT_CODE_WINDOW_SECONDS = 20, 60
# No badge has this version, so that the code of an earlier badge counts as replaced.
REPLACED_VERSION = 0


def is_short_code(code: str) -> bool:
    """Return whether a scan's code is a short code, in upper case."""
    return re.fullmatch(SHORT_CODE_PATTERN, code) is not None


def load_short_codes(event: Event) -> dict[str, tuple[str, int]]:
    """Return reference and version of each valid badge by its short code, cached until a badge changes."""
    # Signing ten thousand badges takes half a second.
    key = f"attendance.short-codes:{event.pk}:{event.sequence}"
    return cache.get_or_set(key, lambda: _build_short_codes(event), SHORT_CODES_CACHE_SECONDS) or {}


def _build_short_codes(event: Event) -> dict[str, tuple[str, int]]:
    return {
        make_short_code(code): (holder.reference, holder.badge_version)
        for holder, code in build_badge_codes(event)
    }


def check_short_codes(device: Device, codes: Iterable[str]) -> dict[str, CheckedCode]:
    """Resolve the short codes that a device delivers; each new one counts as a try of this device.

    A code that was resolved before stays that attendee's, also after a reprint: its scan may be taken back.
    """
    short_codes = {code for code in codes if is_short_code(code)}
    if not short_codes:
        return {}
    valid, known = load_short_codes(device.event), _find_known_references(device.event_id, short_codes)
    return {code: _check_short_code(device, code, valid, known) for code in sorted(short_codes)}


def _check_short_code(
    device: Device, code: str, valid: dict[str, tuple[str, int]], known: dict[str, str]
) -> CheckedCode:
    if code not in known:
        try:
            count_try(device)
        except TooManyRequests:
            return CheckedCode("too_many_tries")
    if code in valid:
        return CheckedCode("lookup", BadgeClaim(0, *valid[code]))
    if code in known:
        return CheckedCode("lookup", BadgeClaim(0, known[code], REPLACED_VERSION))
    return CheckedCode("not_a_badge")


def count_try(device: Device) -> None:
    """Count a short code that was typed on this device. Raise TooManyRequests."""
    consume_rate_limit(
        "scanner-short-code", str(device.pk), limit=MAX_SHORT_CODES, window_seconds=SHORT_CODE_WINDOW_SECONDS
    )


def _find_known_references(event_id: int, short_codes: set[str]) -> dict[str, str]:
    """Return the references of attendees by the short codes with which they were scanned before."""
    by_hash = {hashlib.sha256(code.encode()).hexdigest(): code for code in short_codes}
    scans = Scan.objects.filter(event=event_id, code_hash__in=by_hash, registration__isnull=False)
    rows = scans.order_by("pk").values_list("code_hash", "registration__reference")
    return {by_hash[code_hash]: reference for code_hash, reference in rows}
