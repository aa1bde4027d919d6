"""Calculate the score of a proposal: means weighted by criterion."""

from collections.abc import Iterable, Mapping
from fractions import Fraction


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
