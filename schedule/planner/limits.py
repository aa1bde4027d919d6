"""Limits of the planner's work, and the errors raised if it ends without a plan."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext_lazy as _

from convention.errors import ConventionError

# A first plan, or the reasons why there is none, may take that long even with a smaller budget.
MIN_EXACT_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class WorkLimits:
    """Work ends at `deadline`, in seconds of the monotonic clock, or when the caller asks for it."""

    deadline: float = math.inf
    should_stop: Callable[[], bool] = lambda: False

    def is_over(self) -> bool:
        return self.should_stop() or time.monotonic() >= self.deadline


NO_LIMITS: Final = WorkLimits()


class PlanNotFound(ConventionError):
    """Neither a plan nor a contradiction was found within the budget."""

    kind = "plan-not-found"


class PlanningStopped(PlanNotFound):
    """The caller stopped the search before it found either."""


def make_not_found_error(limits: WorkLimits) -> PlanNotFound:
    """Return the error for work that ended without a plan."""
    if limits.should_stop():
        return PlanningStopped(_("The search was stopped before it found a plan that keeps all rules."))
    return PlanNotFound(_("No plan was found that keeps all the rules, but one may exist. Relax some rules."))
