"""Who got a role at an event since a moment: what an import of the directory gave them is in use then."""

import datetime
from collections.abc import Collection

from django.utils import timezone

from .models import EventRole


def given_roles_since(people: Collection[int], since: datetime.datetime) -> set[int]:
    """Those of these people who have a role that began on the day of that moment, or later."""
    roles = EventRole.objects.filter(person__in=people, starts_on__gte=timezone.localdate(since))
    return set(roles.values_list("person", flat=True))
