"""Recurring work of the club: what an import wrote is kept only as long as it can be undone."""

from django.db.models import Q
from django.utils import timezone

from .models import UNDO_LASTS, DirectoryImport


def old_imports() -> None:
    """What imports of the directory wrote and what stood there before, once they can be undone no more."""
    over = Q(made_at__lt=timezone.now() - UNDO_LASTS)
    kept = DirectoryImport.objects.filter(over).exclude(made={}, before={})
    kept.update(made={}, before={}, after={})
