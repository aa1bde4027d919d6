"""What changes whenever an event's page does: all that it shows, in one read.

So a page that was kept can be told from an old one without making it anew.
"""

import datetime
import hashlib
from collections.abc import Iterator
from functools import cache

from django.db import models
from django.utils import timezone

from convention.events.called_off import called_off_at
from convention.events.models import Event

from .logos import tiers_of
from .models import PriceStep, Quota, Ticket
from .on_application import page_to_apply
from .statements import adapted, columns, kept_cursor

SHOWN = ((Ticket, "t"), (Quota, "q"), (PriceStep, "s"))


def event_mark(event: Event) -> str | None:
    """SHA-256 of the event with venue and host, its public tickets, and which of their moments have passed.

    None where held places have lapsed: they are to be given back first.
    """
    now = timezone.now()
    with kept_cursor() as cursor:
        cursor.execute(_reading(), [adapted(now), event.pk])
        rows = cursor.fetchall()
    lapsed, _programme, _packages, has_logos = rows[0][-4:]
    if lapsed:
        return None
    moments = [row[place] for row in rows for place in _moments() if row[place] is not None]
    passed = [_aware(moment) <= now for moment in (*moments, *_moments_of(event))]
    tiers = [tier.mark for tier in tiers_of(event)] if has_logos else []
    shown = [rows, passed, tiers, page_to_apply(event), called_off_at(event)]
    shown += [_values(row) for row in (event, event.venue, event.host)]
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:32]


def _values(row: models.Model | None) -> list[str]:
    return [f"{name}={value}" for name, value in vars(row).items() if name[0] != "_"] if row else []


def _moments_of(event: Event) -> Iterator[datetime.datetime]:
    yield from (value for value in vars(event).values() if isinstance(value, datetime.datetime))


def _aware(moment: datetime.datetime) -> datetime.datetime:
    """The moment with its zone: SQLite keeps it in UTC, without saying so."""
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)


@cache
def _moments() -> tuple[int, ...]:
    """Where moments stand in a row of the read."""
    fields = [field for model, _alias in SHOWN for field in model._meta.concrete_fields]
    return tuple(place for place, field in enumerate(fields) if isinstance(field, models.DateTimeField))


@cache
def _reading() -> str:
    return f"""SELECT {", ".join(columns(model, alias) for model, alias in SHOWN)},
        EXISTS (
            SELECT 1 FROM registrations_registration r JOIN registrations_ticket l ON l.id = r.ticket_id
            WHERE l.event_id = e.id AND (l.capacity IS NOT NULL OR l.quota_id IS NOT NULL)
            AND r.held_until <= %s AND r.confirmed_at IS NULL AND r.cancelled_at IS NULL
        ),
        EXISTS (SELECT 1 FROM schedule_session p WHERE p.event_id = e.id),
        EXISTS (SELECT 1 FROM registrations_package p WHERE p.event_id = e.id),
        EXISTS (
            SELECT 1 FROM registrations_sponsorlogo p
            JOIN registrations_sponsorship h ON h.id = p.sponsorship_id WHERE h.event_id = e.id
        )
        FROM events_event e
        LEFT JOIN registrations_ticket t ON t.event_id = e.id AND t.is_public
        LEFT JOIN registrations_quota q ON q.id = t.quota_id
        LEFT JOIN registrations_pricestep s ON s.ticket_id = t.id
        WHERE e.id = %s ORDER BY t.id, s.id"""  # noqa: S608 (names of our own tables and columns)
