"""Who was scanned at all, for the storeys below: named in settings.CAME."""

from collections.abc import Collection

from .models import Scan


def came_among(registrations: Collection[int]) -> set[int]:
    """Those of these registrations, by id, of whom there is any scan."""
    scans = Scan.objects.filter(registration__in=registrations).order_by()
    return set(scans.values_list("registration_id", flat=True).distinct())
