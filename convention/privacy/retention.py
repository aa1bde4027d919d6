"""Retention: each kind of data goes when its time is over, and a report says how much went."""

import datetime
import logging
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.actor import Actor, current_actor
from convention.audit.record import record
from convention.errors import InvalidFields, NotFound
from convention.personal import Rule

from .models import Case, Keeping, Sweep
from .walk import rules

logger = logging.getLogger(__name__)
DAYS_OF_YEAR = 365


@dataclass(frozen=True)
class Kept:
    """A rule with the days that hold, and how it went last."""

    rule: Rule
    days: int
    last: Sweep | None

    @property
    def is_changed(self) -> bool:
        """Whether the club chose another number than the default."""
        return self.days != self.rule.days

    @property
    def years(self) -> int:
        """The same in years, where they are whole ones; else none."""
        years, rest = divmod(self.days, DAYS_OF_YEAR)
        return 0 if rest else years


def kept() -> list[Kept]:
    """Every rule as it holds now."""
    chosen = dict(Keeping.objects.values_list("rule", "days"))
    latest = Sweep.objects.filter(pk__in=_latest_ids())
    last = {sweep.rule: sweep for sweep in latest}
    return [Kept(rule, chosen.get(rule.slug, rule.days), last.get(rule.slug)) for rule in rules()]


def _latest_ids() -> list[int]:
    since = timezone.now() - datetime.timedelta(days=60)
    rows = Sweep.objects.filter(at__gte=since).order_by("at", "pk")
    return list(dict(rows.values_list("rule", "pk")).values())


def keep_no_longer() -> None:
    """Recurring: run each rule; one that fails is noted and logged, and the others run all the same."""
    run_rules(at=timezone.now())


def run_rules(*, at: datetime.datetime) -> list[Sweep]:
    """Run each rule as of a moment, and report."""
    actor = current_actor.set(Actor(means="retention"))
    try:
        sweeps = [_run(one, at) for one in kept()]
    finally:
        current_actor.reset(actor)
    Sweep.objects.filter(at__lt=at - Sweep.LASTS).delete()
    return sweeps


def _run(one: Kept, at: datetime.datetime) -> Sweep:
    before = at - datetime.timedelta(days=one.days)
    removed, error = 0, ""
    try:
        with transaction.atomic():
            removed = one.rule.sweep(before)
            if removed:
                record("retention.run", one.rule.slug, reason=str(removed))
    except (OperationalError, InterfaceError):
        raise  # the database is away: the worker waits for it
    except Exception as failure:
        logger.exception("The retention rule %s failed.", one.rule.slug)
        error = f"{type(failure).__module__}.{type(failure).__qualname__}"[:200]
    return Sweep.objects.create(rule=one.rule.slug, at=at, before=before, removed=removed, error=error)


def rule_named(slug: str) -> Rule:
    """A rule whose days the club may choose. Raises NotFound."""
    for rule in rules():
        if rule.slug == slug and not rule.is_fixed:
            return rule
    raise NotFound(_("There is no such rule, or its time is fixed."))


@transaction.atomic
def choose_days(*, slug: str, days: int) -> None:
    """Keep one kind of data for another number of days. Raises InvalidFields, NotFound."""
    rule = rule_named(slug)
    if days < rule.least:
        sentence = _("At least %(least)d days: the club needs these data until then.") % {"least": rule.least}
        raise InvalidFields(_("Some fields need another look."), {"days": [sentence]})
    if days == rule.days:
        Keeping.objects.filter(rule=slug).delete()
    else:
        Keeping.objects.update_or_create(rule=slug, defaults={"days": days})
    record("retention.choose", slug, fields=["days"])


def old_cases(before: datetime.datetime) -> int:
    """Cases that were answered before then; how many."""
    rows = Case.objects.filter(answered_at__lt=before)
    count = rows.count()
    rows.delete()
    return count


KEPT_BY_LAW_YEARS = 10
"""Invoices, payments and the books: nothing here ever removes them."""
