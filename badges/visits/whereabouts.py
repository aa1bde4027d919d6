"""Decide where a visitor is on the day, from the scans at the coach and the gate. No database access."""

import datetime
from dataclasses import dataclass

from django.db import models
from django.utils.translation import npgettext, pgettext_lazy

# Coaches are rarely punctual: nobody counts as late before this.
LATE_AFTER = datetime.timedelta(minutes=10)
# The exit scan is often forgotten, so nobody counts as on site this long after the visit.
ASSUMED_GONE_AFTER = datetime.timedelta(hours=2)


class Whereabouts(models.TextChoices):
    """The states of a visitor on the day, in the order in which they usually occur."""

    EXPECTED = "expected", pgettext_lazy("visitor", "expected")
    LATE = "late", pgettext_lazy("visitor", "late")
    ABOARD = "aboard", pgettext_lazy("visitor", "on the coach")
    INSIDE = "inside", pgettext_lazy("visitor", "on site")
    LEFT = "left", pgettext_lazy("visitor", "left")
    NOT_OUT = "not_out", pgettext_lazy("visitor", "not scanned out")
    NO_SHOW = "no_show", pgettext_lazy("visitor", "did not attend")

    @property
    def allows_certificate(self) -> bool:
        """Return whether a visitor in this state gets a certificate of attendance."""
        # NOT_OUT is not enough: without an exit nobody knows how long the visitor stayed.
        return self == Whereabouts.LEFT


def describe_count(where: Whereabouts, number: int) -> str:
    """Return the label that follows the number of visitors in this state."""
    words = {
        Whereabouts.EXPECTED: npgettext("visitors", "expected", "expected", number),
        Whereabouts.LEFT: npgettext("visitors", "has left", "have left", number),
        Whereabouts.NOT_OUT: npgettext("visitors", "not scanned out", "not scanned out", number),
        Whereabouts.NO_SHOW: npgettext("visitors", "did not attend", "did not attend", number),
    }
    return words.get(where) or str(where.label)


@dataclass(frozen=True, kw_only=True)
class VisitorFacts:
    """The scan times of one visitor; `boarded_at` is the first scan in a coach to the site."""

    at: datetime.datetime
    starts_at: datetime.datetime
    ends_at: datetime.datetime
    boarded_at: datetime.datetime | None = None
    arrived_at: datetime.datetime | None = None
    left_at: datetime.datetime | None = None


def locate_visitor(facts: VisitorFacts) -> Whereabouts:
    """Return the state that follows from the last scan, or from the clock if there is none."""
    if facts.left_at:
        return Whereabouts.LEFT
    if facts.arrived_at:
        return Whereabouts.NOT_OUT if facts.at >= facts.ends_at + ASSUMED_GONE_AFTER else Whereabouts.INSIDE
    # Checked before the coach: a visitor who boarded but was never scanned at the gate has not arrived.
    if facts.at >= facts.ends_at:
        return Whereabouts.NO_SHOW
    if facts.boarded_at:
        return Whereabouts.ABOARD
    return Whereabouts.LATE if facts.at > facts.starts_at + LATE_AFTER else Whereabouts.EXPECTED
