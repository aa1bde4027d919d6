"""Make the presences of an event anew from its scans."""

from collections import defaultdict
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from registrations.models import Registration

from .ledger import Pair, counted, write_presences
from .models import Presence, Scan
from .numbering import restart
from .presence import Pass, project

if TYPE_CHECKING:
    from convention.events.models import Event


@transaction.atomic
def rebuild_presence(*, event: "Event") -> int:
    """Fold all scans of the event again; returns how many presences there are.

    Equals what the scans made step by step; needed after a gate was told to count elsewhere. Scans wait
    meanwhile at the registrations' rows.
    """
    registrations = Registration.objects.filter(event=event).order_by("pk")
    list(registrations.select_for_update(no_key=True).values_list("pk"))
    stories: dict[Pair, list[Pass]] = defaultdict(list)
    for registration, door, one in counted(Scan.objects.filter(checkpoint__event=event)):
        stories[registration, door].append(one)
    Presence.objects.filter(event=event).delete()
    now = timezone.now()
    write_presences(event.pk, {pair: project(story) for pair, story in stories.items()}, at=now)
    restart(event.pk)
    return len(stories)
