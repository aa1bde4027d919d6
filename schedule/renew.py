"""Renew the secret address of a personal agenda: whoever had the old one follows it no more."""

import secrets

from .choose import CHANGES_A_MINUTE, slow_down
from .models import Selection


def renew(*, selection: Selection) -> Selection:
    """Give it another token; what was chosen stays."""
    slow_down(f"selection-{selection.pk}", CHANGES_A_MINUTE)
    selection.token = secrets.token_urlsafe(32)
    selection.save(update_fields=["token"])
    return selection
