"""Who was scanned at all, for the storeys below: named in settings.CAME."""

from collections.abc import Collection

from django.db.models import Q
from django.db.models.functions import Coalesce

from .models import Scan


def came_among(registrations: Collection[int]) -> set[int]:
    """Those of these registrations, by id, of whom there is any scan, also of a badge merged into them."""
    theirs = Q(registration__in=registrations) | Q(registration__merged_into__in=registrations)
    scans = Scan.objects.filter(theirs).order_by()
    return set(scans.values_list(Coalesce("registration__merged_into", "registration"), flat=True).distinct())
