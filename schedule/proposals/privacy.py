"""Declare the personal data of calls for proposals: speakers, reviewers and organizers."""

import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from convention.personal_data import DataSubject, PersonalDataSource, RetentionRule
from convention.text.email_addresses import normalize_email
from schedule.models import (
    CallForProposals,
    ProposalMail,
    ProposalSpeaker,
    Review,
    SessionFile,
    SessionProposal,
)

REVIEW_REASON = _("the organizers’ decision remains traceable, without names")


def _find_submitted(subject: DataSubject) -> "QuerySet[Any]":
    """Return the proposals that the subject submitted, as the first speaker."""
    first = ProposalSpeaker.objects.filter(position=0).values_list("proposal", "email")
    keys = [key for key, email in first if normalize_email(email) in subject.addresses]
    return SessionProposal.objects.filter(pk__in=keys)


def delete_old_proposals(before: datetime.datetime) -> int:
    """Delete proposals without a session of events that ended before `before`; return their number."""
    calls = CallForProposals.objects.filter(event__ends_at__lt=before)
    rows = SessionProposal.objects.filter(call__in=calls, session=None)
    count: int = rows.count()
    rows.delete()
    return count


PROPOSAL_DATA = [
    PersonalDataSource(
        model=SessionProposal,
        name=_("session proposals"),
        purpose=_("sessions you proposed for an event, and the decisions"),
        find_more_rows=_find_submitted,
        exported_columns=(
            *("id", "call", "title", "abstract", "notes", "language", "is_case_study", "customer"),
            *("submitted_at", "changed_at", "withdrawn_at", "accepted_at", "rejected_at", "waitlisted_at"),
        ),
        is_deleted_on_erasure=True,
        leads_to_other_tables=False,
    ),
    PersonalDataSource(
        model=ProposalSpeaker,
        purpose=_("proposals that name you as a speaker"),
        address_columns=("email",),
        exported_columns=("id", "proposal", "name", "email", "company", "works_for_vendor", "biography"),
        is_deleted_on_erasure=True,
        leads_to_other_tables=False,
    ),
    PersonalDataSource(
        model=SessionProposal,
        name=_("decisions on proposals"),
        purpose=_("proposals you decided on as an organizer"),
        actor_columns=("decided_by", "sales_talk_resolved_by"),
        exported_columns=("id", "call", "accepted_at", "rejected_at", "waitlisted_at"),
        retention_reason=REVIEW_REASON,
        leads_to_other_tables=False,
    ),
    PersonalDataSource(
        model=Review,
        purpose=_("your reviews of proposals"),
        actor_columns=("reviewer",),
        exported_columns=("id", "proposal", "comment", "scored_at", "abstained_at", "conflict_declared_at"),
        retention_reason=REVIEW_REASON,
        leads_to_other_tables=False,
    ),
]
PROPOSAL_RETENTION = RetentionRule(
    slug="session-proposals",
    name=_("Session proposals that were not accepted"),
    counted_from=_("after the end of the event"),
    days=180,
    min_days=30,
    delete_older_than=delete_old_proposals,
)
PROPOSAL_TEXTS = {
    CallForProposals: (
        *("title", "title_en", "text", "text_html", "text_en", "text_en_html"),
        *("neutrality_text", "neutrality_text_en", "mail_texts"),
    ),
    ProposalMail: ("subject", "text"),
    Review: ("comment",),
    SessionFile: ("name",),
    SessionProposal: ("title", "abstract", "abstract_html", "notes", "customer", "sales_talk_reason"),
    ProposalSpeaker: ("biography", "biography_html"),
}
