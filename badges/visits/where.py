"""Where a visitor is on the day: a pure decision on what the coach and the gate have seen."""

import datetime
from dataclasses import dataclass

from django.db import models
from django.utils.translation import npgettext, pgettext_lazy

GRACE = datetime.timedelta(minutes=10)
"""Nobody is called late before."""
GONE = datetime.timedelta(hours=2)
"""So long after the visit nobody is taken to be on site any more, scanned out or not."""


class Where(models.TextChoices):
    """Where somebody is, in the order in which a visit goes."""

    EXPECTED = "expected", pgettext_lazy("visitor", "expected")
    LATE = "late", pgettext_lazy("visitor", "late")
    ABOARD = "aboard", pgettext_lazy("visitor", "in the coach")
    INSIDE = "inside", pgettext_lazy("visitor", "on site")
    LEFT = "left", pgettext_lazy("visitor", "left")
    NOT_OUT = "not_out", pgettext_lazy("visitor", "not scanned out")
    NO_SHOW = "no_show", pgettext_lazy("visitor", "did not come")


def words_for(where: Where, number: int) -> str:
    """What so many visitors are, behind their number."""
    words = {
        Where.EXPECTED: npgettext("visitors", "expected", "expected", number),
        Where.LEFT: npgettext("visitors", "left", "left", number),
        Where.NOT_OUT: npgettext("visitors", "not scanned out", "not scanned out", number),
        Where.NO_SHOW: npgettext("visitors", "did not come", "did not come", number),
    }
    return words.get(where) or str(where.label)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of one visitor at a moment; `boarded_at` is the entry into a coach to the site."""

    at: datetime.datetime
    starts_at: datetime.datetime
    ends_at: datetime.datetime
    boarded_at: datetime.datetime | None = None
    came_at: datetime.datetime | None = None
    left_at: datetime.datetime | None = None


def where_is(facts: Facts) -> Where:
    """The last place where somebody was seen; for whoever was not seen, what the clock says."""
    if facts.left_at:
        return Where.LEFT
    if facts.came_at:
        return Where.NOT_OUT if facts.at >= facts.ends_at + GONE else Where.INSIDE
    if facts.at >= facts.ends_at:
        return Where.NO_SHOW
    if facts.boarded_at:
        return Where.ABOARD
    return Where.LATE if facts.at > facts.starts_at + GRACE else Where.EXPECTED


def may_certify(where: Where) -> bool:
    """A certificate is for whoever arrived and left, and for nobody else."""
    return where == Where.LEFT
