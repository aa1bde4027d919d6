"""List what those who answer privacy requests have to do."""

from typing import TYPE_CHECKING

from django.utils.translation import ngettext

from convention.events.attention import AttentionItem

from .models import PrivacyCase
from .permissions import can_answer_privacy_requests

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser


def list_privacy_items(reader: "RequestUser") -> list[AttentionItem]:
    """Return how many unanswered requests are late or due within a week; none for other readers."""
    if not can_answer_privacy_requests(reader):
        return []
    cases, items = list(PrivacyCase.objects.unanswered()), []
    if late_count := sum(case.is_late for case in cases):
        text = ngettext(
            "%(count)s privacy request is late: answer it now.",
            "%(count)s privacy requests are late: answer them now.",
            late_count,
        )
        items.append(AttentionItem(text % {"count": late_count}, 2, "privacy"))
    if soon_count := sum(case.is_due_soon for case in cases):
        text = ngettext(
            "%(count)s privacy request has to be answered within a week.",
            "%(count)s privacy requests have to be answered within a week.",
            soon_count,
        )
        items.append(AttentionItem(text % {"count": soon_count}, 1, "privacy"))
    return items
