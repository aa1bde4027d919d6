"""Names of time zones that events may have."""

import functools
import zoneinfo
from typing import Final

# Entries of the time zone database that name no place: an unset clock, and this machine’s own zone.
UNUSABLE_NAMES: Final = frozenset({"Factory", "localtime", "posixrules"})


@functools.cache
def list_zone_names() -> frozenset[str]:
    """Return all zone names, cached: looking up an unknown one in files takes a millisecond."""
    return frozenset(zoneinfo.available_timezones()) - UNUSABLE_NAMES
