"""Review proposals: score, abstain, declare a conflict of interest, and resolve the flag “sales talk”."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.club.models import Person
from convention.errors import ConventionError, Forbidden, InvalidFields
from schedule.models import Criterion, Review, Score, SessionProposal
from schedule.models.proposals import MAX_SCORE, MIN_SCORE

from .interests import InterestKind, load_interest_checker
from .submit import check_is_undecided, lock_proposal

MAX_REASON_CHARS: Final = 300


class ConflictOfInterest(Forbidden):
    """The reviewer must not judge this proposal."""

    kind = "conflict-of-interest"


class NothingToResolve(ConventionError):
    """No reviewer flags the proposal as a sales talk, or the flag is resolved already."""

    kind = "nothing-to-resolve"
    status = 409


@dataclass(frozen=True)
class ReviewContent:
    """Scores by key of criterion, a comment, and whether the proposal is a sales talk."""

    scores: Mapping[int, int] = field(default_factory=dict)
    comment: str = ""
    is_sales_talk: bool = False


def find_reader_conflict(proposal: SessionProposal, reader: Person) -> InterestKind | None:
    """Return the conflict of interest that a person declared or that the directory shows, or None."""
    if proposal.reviews.filter(reviewer=reader, conflict_declared_at__isnull=False).exists():
        return InterestKind.DECLARED
    speakers = list(proposal.speakers.all())
    return load_interest_checker([reader], speakers).find(reader, speakers)


@transaction.atomic
def score_proposal(*, proposal: SessionProposal, reviewer: Person, content: ReviewContent) -> Review:
    """Save a reviewer's scores for all criteria, in place of former ones or of an abstention.

    Raise ConflictOfInterest, ProposalAlreadyDecided, and InvalidFields for a criterion without a score of 1
    to 5.
    """
    review = _lock_review(proposal, reviewer)
    check_scores(proposal, content.scores)
    now = timezone.now()
    review.comment, review.scored_at, review.abstained_at = content.comment, now, None
    # A flag that stays keeps its time: with a new one, the organizers would have to answer it again.
    review.sales_talk_flagged_at = (review.sales_talk_flagged_at or now) if content.is_sales_talk else None
    review.save()
    review.scores.all().delete()
    Score.objects.bulk_create(
        Score(review=review, criterion_id=key, value=value) for key, value in content.scores.items()
    )
    _record_review("review.score", review)
    return review


def check_scores(proposal: SessionProposal, scores: Mapping[int, int]) -> None:
    """Raise InvalidFields unless each criterion of the call, and no other, has a score of the scale."""
    keys = set(Criterion.objects.filter(call=proposal.call).values_list("pk", flat=True))
    wrong = [key for key in keys if not MIN_SCORE <= scores.get(key, 0) <= MAX_SCORE]
    if wrong or set(scores) - keys:
        sentence = _("Give a score from 1 to 5 for each criterion.")
        raise InvalidFields(sentence, {f"criterion-{key}": [sentence] for key in wrong} or {"": [sentence]})


@transaction.atomic
def abstain_from_review(*, proposal: SessionProposal, reviewer: Person, comment: str = "") -> Review:
    """Note that a reviewer gives no score; a former one no longer counts. Raise as `score_proposal`."""
    review = _lock_review(proposal, reviewer)
    review.comment, review.abstained_at, review.scored_at = comment, timezone.now(), None
    review.sales_talk_flagged_at = None
    review.save()
    review.scores.all().delete()
    _record_review("review.abstain", review)
    return review


@transaction.atomic
def declare_conflict(*, proposal: SessionProposal, reviewer: Person) -> Review:
    """Note a conflict of interest, and empty the reviewer's former review; a repeat changes nothing."""
    locked = lock_proposal(proposal)
    review, _is_new = Review.objects.get_or_create(proposal=locked, reviewer=reviewer)
    if review.conflict_declared_at is None:
        review.conflict_declared_at = timezone.now()
        review.scored_at = review.abstained_at = review.sales_talk_flagged_at = None
        review.comment = ""
        review.save()
        review.scores.all().delete()
        _record_review("review.declare_conflict", review)
    return review


@transaction.atomic
def retract_conflict(*, proposal: SessionProposal, reviewer: Person) -> None:
    """Delete a conflict of interest that was declared by mistake; without one, do nothing."""
    lock_proposal(proposal)
    review = proposal.reviews.filter(reviewer=reviewer, conflict_declared_at__isnull=False).first()
    if review:
        _record_review("review.retract_conflict", review)
        review.delete()


@transaction.atomic
def resolve_sales_talk(*, proposal: SessionProposal, reason: str, author: Person) -> None:
    """Answer the flag “sales talk” with a reason, so that the proposal can be accepted.

    Raise InvalidFields without a reason, and NothingToResolve.
    """
    if not reason:
        sentence = _("Explain why this is not a sales talk, or what the speakers have changed.")
        raise InvalidFields(sentence, {"reason": [sentence]})
    locked = lock_proposal(proposal)
    if not is_sales_talk_open(locked, list(locked.reviews.all())):
        raise NothingToResolve(_("This proposal no longer has an unanswered “sales talk” flag."))
    locked.sales_talk_resolved_at, locked.sales_talk_resolved_by = timezone.now(), author
    locked.sales_talk_reason = reason
    names = ["sales_talk_resolved_at", "sales_talk_resolved_by", "sales_talk_reason"]
    locked.save(update_fields=names)
    event = locked.call.event
    record_action(
        "session_proposal.resolve_sales_talk", locked, event=event, fields=names,
        reason=reason[:MAX_REASON_CHARS],
    )  # fmt: skip


def is_sales_talk_open(proposal: SessionProposal, reviews: "list[Review]") -> bool:
    """Return whether a reviewer flags a sales talk since the organizers last answered such a flag."""
    resolved_at = proposal.sales_talk_resolved_at
    flags = [review.sales_talk_flagged_at for review in reviews if review.sales_talk_flagged_at]
    return any(resolved_at is None or flagged_at > resolved_at for flagged_at in flags)


def _lock_review(proposal: SessionProposal, reviewer: Person) -> Review:
    """Return the reviewer's row of a locked proposal, unsaved if it is new."""
    locked = lock_proposal(proposal)
    check_is_undecided(locked)
    if find_reader_conflict(locked, reviewer):
        raise ConflictOfInterest(_("You have a conflict of interest, so you cannot review this proposal."))
    known = locked.reviews.filter(reviewer=reviewer).first()
    return known or Review(proposal=locked, reviewer=reviewer)


def _record_review(verb: str, review: Review) -> None:
    record_action(verb, review.proposal, event=review.proposal.call.event)


def calculate_review_score(scores: Mapping[int, int], weights: Mapping[int, int]) -> Fraction | None:
    """Return the weighted mean of one review, by key of criterion; None if no criterion has a score.

    Criteria without a score, such as those added later, do not count.
    """
    scored = {key: value for key, value in scores.items() if key in weights}
    if not scored:
        return None
    total_weight = sum(weights[key] for key in scored)
    return Fraction(sum(value * weights[key] for key, value in scored.items()), total_weight)


def calculate_mean_score(review_scores: Iterable[Fraction | None]) -> Fraction | None:
    """Return the mean of the reviews that have a score; None without any."""
    known = [score for score in review_scores if score is not None]
    return sum(known, Fraction()) / len(known) if known else None
