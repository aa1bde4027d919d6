"""Recurring work of the API: tokens that ended long ago are removed."""

import datetime

from django.db.models import Q
from django.utils import timezone

from .models import ApiToken

ENDED_TOKENS_KEPT = datetime.timedelta(days=90)
"""For so long their owner still sees when and why one stopped working."""


def ended_tokens() -> None:
    """Tokens that expired or were revoked three months ago."""
    before = timezone.now() - ENDED_TOKENS_KEPT
    ApiToken.objects.filter(Q(expires_at__lt=before) | Q(revoked_at__lt=before)).delete()
