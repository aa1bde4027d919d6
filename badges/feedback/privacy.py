"""Declare the personal data in feedback: receipts only, since answers cannot be traced."""

import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from convention.personal_data import DataSubject, PersonalDataSource, RetentionRule
from registrations.data_subject import find_own_registrations

from .models import FeedbackReceipt, SessionFeedback
from .receipts import close_feedback, find_receipts_of


def _find_receipts(subject: DataSubject) -> "QuerySet[FeedbackReceipt]":
    return find_receipts_of(find_own_registrations(subject))


def clear_old_comments(before: datetime.datetime) -> int:
    """Clear the comments on sessions of events that ended before `before`; stars stay. Return how many."""
    rows = SessionFeedback.objects.filter(session__event__ends_at__lt=before).exclude(comment="")
    return rows.update(comment="", hidden_reason="")


PERSONAL_DATA = [
    PersonalDataSource(
        model=FeedbackReceipt,
        name=_("feedback on sessions"),
        purpose=_(
            "the fact that you gave feedback on a session; the feedback itself cannot be traced to you"
        ),
        find_more_rows=_find_receipts,
        hidden_columns=("digest",),
        is_deleted_on_erasure=True,
        leads_to_other_tables=False,
    ),
]
FREE_TEXT = {SessionFeedback: ("comment", "hidden_reason")}
RETENTION = [
    RetentionRule(
        slug="session-comments",
        name=_("Comments on sessions"),
        counted_from=_("after the end of the event"),
        days=365,
        min_days=30,
        delete_older_than=clear_old_comments,
    ),
    RetentionRule(
        slug="feedback-receipts",
        name=_("Who gave feedback on which session"),
        counted_from=_("as soon as feedback closes"),
        days=0,
        delete_older_than=close_feedback,
        is_fixed=True,
    ),
]
