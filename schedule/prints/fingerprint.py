"""Fingerprint the content of printed files, so that each file is made once for each state of it."""

import hashlib
from typing import Any

from django.db.models import Count, Max
from django.utils import translation

from convention.events.cancellations import find_cancellation_time
from convention.events.models import Event
from schedule.models import Schedule, SessionSpeaker
from schedule.paper.logos import fingerprint_printed_logos
from schedule.paper.print_options import PrintOptions


def fingerprint_printed_content(event: Event) -> str:
    """Return a hash that changes with everything that is printed, but not with bookings.

    The number of queries is fixed.
    """
    # In one language: names of packages come in the reader’s, and the worker has its own.
    with translation.override("en"):
        # The revision rises with each change of the programme; rooms and speakers' answers change without it.
        facts: list[Any] = [
            Schedule.objects.filter(event=event).values_list("revision", "version", "day_starts_at").first(),
            event.sessions.aggregate(count=Count("pk"), last=Max("pk")),
            list(event.rooms.order_by("pk").values_list()),
            SessionSpeaker.objects.filter(session__event=event).aggregate(
                confirmed=Count("confirmed_at"), declined=Count("declined_at")
            ),
            Event.objects.filter(pk=event.pk).values_list(*list_printed_columns()).get(),
            str(event.venue),
            find_cancellation_time(event),
            fingerprint_printed_logos(event),
        ]
        return hash_text(repr(facts))


def list_printed_columns() -> list[str]:
    # `sequence` counts changes of registrations, which are not printed.
    return [column.attname for column in Event._meta.concrete_fields if column.name != "sequence"]


def get_options_key(options: PrintOptions) -> str:
    """Return a short text that is equal for equal options."""
    return hash_text(repr(options))


def hash_text(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
