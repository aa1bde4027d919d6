"""Resolve the short code of a badge, which is typed where its QR code cannot be read."""

import hashlib
import re
from collections.abc import Iterable

from django.core.cache import cache

from badges.attendance.models import Device, Scan
from badges.codes import make_short_code, sign_badge_token
from convention.api.throttles import TooManyRequests, consume_rate_limit
from convention.codes.badge_codes import BadgeClaim
from convention.events.models import Event
from convention.events.signing_keys import get_signing_key
from registrations.models import Registration

from ..signatures import CheckedCode

SHORT_CODE_PATTERN = "[A-Z2-7]{8}"
SHORT_CODES_CACHE_SECONDS = 600
# Digits that no code contains, and the letters that people misread as them.
MISREAD_DIGITS = str.maketrans("018", "OIB", " -\u00a0\u202f")
# 40 bits cannot be guessed at this pace, and nobody types faster.
MAX_SHORT_CODES, SHORT_CODE_WINDOW_SECONDS = 20, 60


def is_short_code(code: str) -> bool:
    """Return whether a scan's code is a short code, in upper case."""
    return re.fullmatch(SHORT_CODE_PATTERN, code) is not None


def parse_short_code(text: str) -> str:
    """Return a text as a short code, however it was typed, or "" if it is none."""
    code = text.strip().upper().translate(MISREAD_DIGITS)
    return code if is_short_code(code) else ""


def load_short_codes(event: Event) -> dict[str, tuple[str, int]]:
    """Return reference and version of each badge by its short code, cached until a badge changes.

    Badges that were replaced or cancelled are among them; of one reference, the last version comes last.
    """
    # Signing ten thousand badges takes half a second.
    key = f"attendance.short-codes:{event.pk}:{event.sequence}"
    return cache.get_or_set(key, lambda: _build_short_codes(event), SHORT_CODES_CACHE_SECONDS) or {}


def _build_short_codes(event: Event) -> dict[str, tuple[str, int]]:
    key = get_signing_key(event)
    rows = Registration.objects.filter(event=event, confirmed_at__isnull=False)
    return {
        make_short_code(sign_badge_token(reference, version, key)): (reference, version)
        for reference, last_version in rows.values_list("reference", "badge_version")
        for version in range(1, last_version + 1)
    }


def check_short_codes(device: Device, codes: Iterable[str]) -> dict[str, CheckedCode]:
    """Resolve the short codes that a device delivers; each that was not scanned before counts as a try.

    The code of an earlier badge stays that attendee's, since its scan may be taken back.
    """
    short_codes = sorted({code for code in codes if is_short_code(code)})
    if not short_codes:
        return {}
    known_badges = load_short_codes(device.event)
    checked = {code: _resolve_short_code(code, known_badges) for code in short_codes}
    scanned_before = _find_scanned_codes(checked)
    for code in short_codes:
        if code not in scanned_before and not _count_try(device):
            checked[code] = CheckedCode("too_many_tries")
    return checked


def _resolve_short_code(code: str, short_codes: dict[str, tuple[str, int]]) -> CheckedCode:
    if code not in short_codes:
        return CheckedCode("not_a_badge")
    return CheckedCode("lookup", BadgeClaim(0, *short_codes[code]))


def _find_scanned_codes(checked: dict[str, CheckedCode]) -> set[str]:
    """Return those of the short codes that were scanned before for the same attendee."""
    by_hash = {hashlib.sha256(code.encode()).hexdigest(): code for code in checked}
    # By attendee: codes have no index, and an event may have a hundred thousand scans.
    references = {code.claim.registration_reference for code in checked.values() if code.claim}
    scans = Scan.objects.filter(registration__reference__in=references, code_hash__in=by_hash)
    return {by_hash[code_hash] for code_hash in scans.values_list("code_hash", flat=True)}


def _count_try(device: Device) -> bool:
    """Count a short code that was typed on this device; return False if that was one too many."""
    try:
        consume_rate_limit(
            "scanner-short-code",
            str(device.pk),
            limit=MAX_SHORT_CODES,
            window_seconds=SHORT_CODE_WINDOW_SECONDS,
        )
    except TooManyRequests:
        return False
    return True
