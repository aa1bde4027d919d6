"""Load the proposals of a call with their reviews, in a fixed number of queries."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final

from django.db.models import Prefetch, TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from convention.club.models import Person
from convention.errors import NotFound
from convention.text.normalize import matches_search_words, search_text, split_search_words
from schedule.models import (
    CallForProposals,
    ProposalSpeaker,
    Review,
    Score,
    SessionProposal,
    SessionSpeaker,
)
from schedule.models.proposals import SessionProposalQuerySet

from .interests import InterestChecker, InterestKind, load_interest_checker
from .reviews import calculate_mean_score, calculate_review_score, is_sales_talk_open
from .submit import describe_employer

GOOD_SCORE: Final = 4
FAIR_SCORE: Final = 3


class ProposalKind(TextChoices):
    """A property by which organizers filter proposals."""

    CASE_STUDY = "case_study", pgettext_lazy("proposals", "case studies")
    VENDOR = "vendor", pgettext_lazy("proposals", "with a vendor’s employee")
    SALES_TALK = "sales_talk", pgettext_lazy("proposals", "flagged as sales talk")


class ScoreBand(TextChoices):
    """A range of mean scores."""

    GOOD = "good", pgettext_lazy("proposals", "4 or more")
    FAIR = "fair", pgettext_lazy("proposals", "3 to 4")
    LOW = "low", pgettext_lazy("proposals", "less than 3")
    NONE = "none", pgettext_lazy("proposals", "no score yet")


@dataclass(frozen=True)
class ScoredReview:
    """A review with its own score; it `counts` unless the reviewer has a conflict of interest."""

    review: Review
    score: Fraction | None
    conflict: InterestKind | None

    @property
    def counts(self) -> bool:
        return self.conflict is None and self.score is not None

    @property
    def score_number(self) -> float | None:
        return None if self.score is None else float(self.score)


@dataclass(frozen=True)
class ProposalRow:
    """A proposal with its speakers and reviews, as one reader sees it.

    With a `conflict` of interest of the reader, neither texts nor scores may be shown to them.
    """

    proposal: SessionProposal
    speakers: Sequence[ProposalSpeaker]
    reviews: Sequence[ScoredReview]
    conflict: InterestKind | None
    own_review: Review | None
    vendor_names: Sequence[str] = field(default_factory=tuple)

    @property
    def mean_score(self) -> Fraction | None:
        return calculate_mean_score(review.score for review in self.reviews if review.counts)

    @property
    def score_number(self) -> float | None:
        """Return the mean score for templates, which localize it."""
        return None if self.mean_score is None else float(self.mean_score)

    @property
    def review_count(self) -> int:
        """Return how many reviews count."""
        return sum(review.counts for review in self.reviews)

    @property
    def has_open_sales_talk(self) -> bool:
        # A reviewer with a conflict of interest cannot block a competitor.
        flags = [review.review for review in self.reviews if review.conflict is None]
        return is_sales_talk_open(self.proposal, flags)

    @property
    def appearances(self) -> Sequence[SessionSpeaker]:
        """Return the speakers of the session made of it, with their answers."""
        session = self.proposal.session
        return list(session.appearances.all()) if session else []

    @property
    def is_confirmed(self) -> bool:
        """Return whether all speakers of its session have confirmed."""
        return bool(self.appearances) and all(row.confirmed_at for row in self.appearances)

    @property
    def declined_count(self) -> int:
        return sum(row.declined_at is not None for row in self.appearances)

    @property
    def is_reviewed(self) -> bool:
        """Return whether the reader has scored it or abstained."""
        return self.own_review is not None and bool(self.own_review.scored_at or self.own_review.abstained_at)

    def has_kind(self, kind: str) -> bool:
        """Return whether it is of that kind; True for an unknown one, which filters nothing."""
        matches_kind = {
            ProposalKind.CASE_STUDY.value: self.proposal.is_case_study,
            ProposalKind.VENDOR.value: bool(self.vendor_names),
            ProposalKind.SALES_TALK.value: self.has_open_sales_talk,
        }
        return matches_kind.get(kind, True)

    def is_in_band(self, band: str) -> bool:
        """Return whether its mean score is in that range; True for an unknown one, which filters nothing.

        With a conflict of interest of the reader it is in no range, which would tell them the score.
        """
        if band not in ScoreBand.values:
            return True
        if self.conflict is not None:
            return False
        if self.mean_score is None:
            return band == ScoreBand.NONE
        good, fair = self.mean_score >= GOOD_SCORE, self.mean_score >= FAIR_SCORE
        return band == (ScoreBand.GOOD if good else ScoreBand.FAIR if fair else ScoreBand.LOW)


def query_proposals(call: CallForProposals) -> SessionProposalQuerySet:
    """Return the call's proposals with all that rows need."""
    scores = Prefetch("scores", Score.objects.order_by("criterion"))
    reviews = Prefetch("reviews", Review.objects.select_related("reviewer").prefetch_related(scores))
    rows: SessionProposalQuerySet = call.proposals.select_related("track", "format", "session")
    return rows.prefetch_related("speakers", reviews, "session__appearances")


def load_proposal_rows(
    call: CallForProposals, *, reader: Person, proposals: Iterable[SessionProposal] | None = None
) -> list[ProposalRow]:
    """Return rows of the call's proposals, or of some of them, as the reader may see them."""
    rows = list(query_proposals(call) if proposals is None else proposals)
    weights = dict(call.criteria.values_list("pk", "weight"))
    reviewers = {review.reviewer for row in rows for review in row.reviews.all()} | {reader}
    checker = load_interest_checker(reviewers, [speaker for row in rows for speaker in row.speakers.all()])
    for row in rows:
        row.call = call
    return [_make_row(row, reader, weights, checker) for row in rows]


def load_proposal_row(
    call: CallForProposals, pk: int, *, reader: Person, proposals: SessionProposalQuerySet
) -> ProposalRow:
    """Return the row of one of these proposals as the reader may see it. Raise NotFound."""
    rows = load_proposal_rows(call, reader=reader, proposals=proposals.filter(pk=pk))
    if not rows:
        raise NotFound(_("This proposal was not found; it may have been withdrawn."))
    return rows[0]


def _make_row(
    proposal: SessionProposal, reader: Person, weights: dict[int, int], checker: InterestChecker
) -> ProposalRow:
    speakers, reviews = list(proposal.speakers.all()), list(proposal.reviews.all())
    own_review = next((review for review in reviews if review.reviewer_id == reader.pk), None)
    employers = [(speaker.name, describe_employer(speaker, checker.facts)) for speaker in speakers]
    return ProposalRow(
        proposal=proposal,
        speakers=speakers,
        reviews=[_score_review(review, speakers, weights, checker) for review in reviews],
        conflict=_find_declared_conflict(own_review) or checker.find(reader, speakers),
        own_review=own_review,
        vendor_names=[name for name, employer in employers if employer.is_vendor_employee],
    )


def _score_review(
    review: Review, speakers: Sequence[ProposalSpeaker], weights: dict[int, int], checker: InterestChecker
) -> ScoredReview:
    scores = {score.criterion_id: score.value for score in review.scores.all()}
    conflict = _find_declared_conflict(review) or checker.find(review.reviewer, speakers)
    return ScoredReview(review, calculate_review_score(scores, weights), conflict)


def _find_declared_conflict(review: Review | None) -> InterestKind | None:
    return InterestKind.DECLARED if review and review.conflict_declared_at else None


@dataclass(frozen=True, kw_only=True)
class ProposalFilter:
    """The filters of the organizers' list, as texts of the address; unknown values filter nothing."""

    q: str = ""
    track: str = ""
    format: str = ""
    state: str = ""
    kind: str = ""
    score: str = ""
    order: str = ""

    def apply(self, rows: Iterable[ProposalRow]) -> list[ProposalRow]:
        """Return the matching rows: by date, or the best score first."""
        words = split_search_words(self.q)
        found = [
            row for row in rows if self._matches(row) and matches_search_words(words, _get_search_key(row))
        ]
        # The score of a proposal that the reader must not judge would show in its place.
        if self.order == "score":
            found.sort(key=lambda row: (True, 0) if row.conflict else (False, -(row.mean_score or 0)))
        return found

    def _matches(self, row: ProposalRow) -> bool:
        proposal = row.proposal
        keys: dict[str, Any] = {"track": proposal.track_id, "format": proposal.format_id}
        return (
            all(not getattr(self, name) or getattr(self, name) == str(key) for name, key in keys.items())
            and (self.state not in SessionProposal.State.values or self.state == proposal.state)
            and row.has_kind(self.kind)
            and row.is_in_band(self.score)
        )


def _get_search_key(row: ProposalRow) -> str:
    names = [f"{speaker.name} {speaker.company}" for speaker in row.speakers]
    return search_text(" ".join([row.proposal.title, row.proposal.customer, *names]))


def count_states(rows: Iterable[ProposalRow]) -> list[tuple[str, str, int]]:
    """Return value, label and number of proposals of each state."""
    states = [row.proposal.state for row in rows]
    return [(state.value, str(state.label), states.count(state)) for state in SessionProposal.State]
