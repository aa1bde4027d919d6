"""A version of an event's page: a digest of everything it shows, from one SQL statement.

A cached page is valid while the version is the same, without rendering it anew.
"""

import datetime
import hashlib
from collections.abc import Iterator
from functools import cache

from django.db import models
from django.utils import timezone

from convention.events.cancellations import find_cancellation_time
from convention.events.models import Event
from registrations.application_rules import get_application_path
from registrations.logos import list_sponsor_tiers
from registrations.models import PriceStep, Quota, Ticket

from .rows import adapt_time, list_columns, prepared_cursor

PAGE_MODELS = ((Ticket, "t"), (Quota, "q"), (PriceStep, "s"))


def compute_event_version(event: Event) -> str | None:
    """Return a digest of the event, venue, host, public tickets, logos, and which of their times have passed.

    None if expired holds have to be released first.
    """
    now = timezone.now()
    with prepared_cursor() as cursor:
        cursor.execute(_build_statement(), [adapt_time(now), event.pk])
        rows = cursor.fetchall()
    lapsed, _programme, _packages, has_logos = rows[0][-4:]
    if lapsed:
        return None
    moments = [row[index] for row in rows for index in _find_time_columns() if row[index] is not None]
    # Prices and sale periods change with time, without any change of a row.
    passed = [_make_aware(moment) <= now for moment in (*moments, *_list_event_times(event))]
    # A further query for events with logos only.
    tiers = [tier.fingerprint for tier in list_sponsor_tiers(event)] if has_logos else []
    shown = [rows, passed, tiers, get_application_path(event), find_cancellation_time(event)]
    shown += [_list_values(row) for row in (event, event.venue, event.host)]
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:32]


def _list_values(row: models.Model | None) -> list[str]:
    return [f"{name}={value}" for name, value in vars(row).items() if name[0] != "_"] if row else []


def _list_event_times(event: Event) -> Iterator[datetime.datetime]:
    yield from (value for value in vars(event).values() if isinstance(value, datetime.datetime))


def _make_aware(moment: datetime.datetime) -> datetime.datetime:
    """Return the time with its zone; SQLite returns UTC without saying so."""
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)


@cache
def _find_time_columns() -> tuple[int, ...]:
    """Return the indexes of the datetime columns."""
    fields = [field for model, _alias in PAGE_MODELS for field in model._meta.concrete_fields]
    return tuple(index for index, field in enumerate(fields) if isinstance(field, models.DateTimeField))


@cache
def _build_statement() -> str:
    return f"""SELECT {", ".join(list_columns(model, alias) for model, alias in PAGE_MODELS)},
        EXISTS (
            SELECT 1 FROM registrations_registration r JOIN registrations_ticket l ON l.id = r.ticket_id
            WHERE l.event_id = e.id AND (l.capacity IS NOT NULL OR l.quota_id IS NOT NULL)
            AND r.hold_expires_at <= %s AND r.confirmed_at IS NULL AND r.cancelled_at IS NULL
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
