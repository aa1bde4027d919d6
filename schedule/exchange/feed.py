"""Serve a programme as a feed: written once for each revision, cached compressed."""

import datetime
import gzip
import hashlib
from dataclasses import dataclass
from typing import Final

from django.core.cache import cache
from django.utils.translation import get_language

from convention.events.cancellations import find_cancellation_time
from convention.events.models import Event
from schedule.models import ProgrammeAudience, Schedule

from .export_schedule import export_schedule
from .parsed_programme import ScheduleFormat

# Only bounds the memory that old revisions take: the key changes with the content.
FEED_CACHE_SECONDS: Final = 3600


@dataclass(frozen=True, slots=True)
class ProgrammeFeed:
    """The compressed file, its weak ETag, and when the programme last changed."""

    compressed: bytes
    etag: str
    changed_at: datetime.datetime

    @property
    def data(self) -> bytes:
        """Return the uncompressed file."""
        return gzip.decompress(self.compressed)


def get_programme_feed(
    event: Event, file_format: ScheduleFormat, *, audience: ProgrammeAudience
) -> ProgrammeFeed:
    """Return the programme's feed for an audience, cached while the programme does not change."""
    schedule = Schedule.load(event)
    texts = (str(audience), get_language(), event.title, event.timezone)
    stamp = (file_format, texts, schedule.revision, schedule.changed_at)
    # Columns of the event are in the file too, but changing them raises no revision.
    span = (event.starts_at, event.ends_at, find_cancellation_time(event))
    name = f"feed-{event.pk}-{hashlib.sha256(repr((stamp, span)).encode()).hexdigest()[:32]}"
    cached: tuple[bytes, str] | None = cache.get(name)
    if cached is None:
        data = export_schedule(event=event, file_format=file_format, audience=audience)
        cached = compress_feed(data, schedule.revision)
        cache.set(name, cached, FEED_CACHE_SECONDS)
    return ProgrammeFeed(*cached, changed_at=schedule.changed_at or event.created_at)


def compress_feed(data: bytes, revision: int) -> tuple[bytes, str]:
    """Return the compressed file and its ETag, weak since the same tag is sent with the uncompressed file."""
    # No time in the header: the same content gives the same bytes in every process.
    return gzip.compress(data, 6, mtime=0), f'W/"{revision}-{hashlib.sha256(data).hexdigest()[:20]}"'
