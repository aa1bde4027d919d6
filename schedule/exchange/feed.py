"""A programme as a feed: written once for each revision, kept compressed."""

import datetime
import gzip
import hashlib
from dataclasses import dataclass
from typing import Final

from django.core.cache import cache
from django.utils.translation import get_language

from convention.events.called_off import called_off_at
from convention.events.models import Event

from ..models import Schedule
from .export_schedule import export_schedule
from .programme import Format

SECONDS: Final = 3600


@dataclass(frozen=True, slots=True)
class Feed:
    """The compressed file, a weak tag of its content, and when the programme last changed."""

    packed: bytes
    etag: str
    changed_at: datetime.datetime

    @property
    def data(self) -> bytes:
        """The file as it is."""
        return gzip.decompress(self.packed)


def feed_of(event: Event, fmt: Format) -> Feed:
    """The programme's feed, from the cache while nothing changed."""
    schedule = Schedule.objects.filter(event=event).first() or Schedule(event=event)
    stamp = (fmt, get_language(), schedule.revision, schedule.changed_at, event.title, event.timezone)
    span = (event.starts_at, event.ends_at, called_off_at(event))
    name = f"feed-{event.pk}-{hashlib.sha256(repr((stamp, span)).encode()).hexdigest()[:32]}"
    kept: tuple[bytes, str] | None = cache.get(name)
    if kept is None:
        kept = packed(export_schedule(event=event, fmt=fmt), schedule.revision)
        cache.set(name, kept, SECONDS)
    return Feed(*kept, changed_at=schedule.changed_at or event.created_at)


def packed(data: bytes, revision: int) -> tuple[bytes, str]:
    """The file compressed, and its tag: weak, since it stands for the compressed form too."""
    return gzip.compress(data, 6, mtime=0), f'W/"{revision}-{hashlib.sha256(data).hexdigest()[:20]}"'
