"""Find who would be notified of a publication, for its preview."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from convention import hooks
from convention.events.models import Event
from schedule.models import Session, Speaker

HAS_ADDRESS = ~Q(email="") | Q(person__email__isnull=False)


@dataclass(frozen=True, slots=True)
class RecipientGroup:
    """How many people of one kind get an e-mail, and how many have no address."""

    label: str | Promise
    count: int
    without_address_count: int = 0


def find_recipients(event: Event, session_ids: Collection[int]) -> list[RecipientGroup]:
    """Return the groups who are concerned by changes of these sessions, empty ones too."""
    speakers = Speaker.objects.filter(sessions__in=session_ids).distinct()
    reachable = speakers.filter(HAS_ADDRESS).count()
    groups = [RecipientGroup(_("Speakers"), reachable, speakers.count() - reachable)]
    for provider in hooks.publication_recipients.providers():
        groups += provider(event, session_ids)
    return groups


def find_notified_speakers(sessions: QuerySet[Session]) -> list[int]:
    """Return the speakers of these sessions who have an address: one query."""
    rows = Speaker.objects.filter(HAS_ADDRESS, sessions__in=sessions)
    return list(rows.order_by("pk").values_list("pk", flat=True).distinct())
