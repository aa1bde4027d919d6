"""Tell which open privacy requests can be answered now, and which wait for something to be settled first."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from convention.audit.models import AuditEntry
from convention.audit.record import make_subject_label
from convention.events.attention import AttentionItem
from convention.personal_data import ErasureBlocker, EventBlocker
from convention.privacy.find_data import add_known_addresses
from convention.privacy.models import PrivacyCase
from convention.privacy.registry import find_erasure_blockers
from convention.privacy.subjects import get_case_subject

from .organizer_requests import ASK_VERB, OrganizerRequest, group_by_event, list_organizer_requests


@dataclass(frozen=True)
class CaseProgress:
    """An open request with what blocks its erasure, and the e-mails to organizers about that."""

    case: PrivacyCase
    blockers: list[ErasureBlocker]
    requests: list[OrganizerRequest]

    @property
    def can_be_erased(self) -> bool:
        return self.case.kind == PrivacyCase.Kind.ERASURE and not self.blockers

    @property
    def label(self) -> str | Promise:
        """Return the state for the list; "" for a request for access, which waits for nobody."""
        if self.case.kind != PrivacyCase.Kind.ERASURE:
            return ""
        if not self.blockers:
            return _("can be carried out")
        if any(isinstance(blocker, EventBlocker) for blocker in self.blockers):
            return _("cancellation needed first")
        return _("something to resolve first")

    @property
    def last_request(self) -> OrganizerRequest | None:
        return self.requests[-1] if self.blockers and self.requests else None

    @property
    def waits_for_organizers(self) -> bool:
        """Return whether the reader can only wait: everything that blocks it was asked of organizers."""
        events = group_by_event(self.case, self.blockers, self.requests)
        return all(isinstance(blocker, EventBlocker) for blocker in self.blockers) and all(
            blocking_event.last_request for blocking_event in events
        )


def load_progress(case: PrivacyCase) -> CaseProgress:
    if case.kind != PrivacyCase.Kind.ERASURE:
        return CaseProgress(case, [], [])
    # Without the names, which no blocker looks for and only a search of every table finds.
    blockers = find_erasure_blockers(add_known_addresses(get_case_subject(case)))
    return CaseProgress(case, blockers, list_organizer_requests(case))


def list_open_cases() -> list[CaseProgress]:
    """Return the unanswered requests by due date; those that wait for organizers last, unless due soon."""
    rows = PrivacyCase.objects.unanswered().select_related("person")
    cases = [load_progress(case) for case in rows.order_by("requested_at", "pk")]
    return sorted(cases, key=_is_left_to_organizers)


def _is_left_to_organizers(progress: CaseProgress) -> bool:
    is_urgent = progress.case.is_late or progress.case.is_due_soon
    return bool(progress.blockers) and progress.waits_for_organizers and not is_urgent


def list_unblocked_items() -> list[AttentionItem]:
    """Return how many erasures can be carried out now, after their organizers were asked to settle something.

    Nobody reads the list of requests every day; other erasures could be carried out from the start.
    """
    open_cases = list(PrivacyCase.objects.unanswered().filter(kind=PrivacyCase.Kind.ERASURE))
    labels = {make_subject_label(case): case for case in open_cases}
    entries = AuditEntry.objects.filter(verb=ASK_VERB, subject__in=labels)
    asked_labels = sorted(set(entries.order_by().values_list("subject", flat=True))) if labels else []
    unblocked_count = sum(load_progress(labels[label]).can_be_erased for label in asked_labels)
    if not unblocked_count:
        return []
    text = ngettext(
        "%(count)s erasure is no longer blocked: carry it out now.",
        "%(count)s erasures are no longer blocked: carry them out now.",
        unblocked_count,
    )
    return [AttentionItem(text % {"count": unblocked_count}, 1, "privacy")]
