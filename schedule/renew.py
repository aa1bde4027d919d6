"""Renew the secret address of a personal agenda: whoever had the old one follows it no more."""

from .choose import CHANGES_A_MINUTE, slow_down
from .models import Selection


def renew(*, selection: Selection) -> Selection:
    """Raise the version of its link; what was chosen stays."""
    slow_down(f"selection-{selection.pk}", CHANGES_A_MINUTE)
    selection.link_version += 1
    selection.save(update_fields=["link_version"])
    return selection
