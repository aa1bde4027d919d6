"""Who registered since a moment: what an import of the directory gave them is in use then."""

import datetime
from collections.abc import Collection

from .models import Registration


def registered_since(people: Collection[int], since: datetime.datetime) -> set[int]:
    """Those of these people who have a place that was made at that moment or later."""
    places = Registration.objects.filter(person__in=people, created_at__gte=since)
    return {person for person in places.values_list("person", flat=True) if person}
