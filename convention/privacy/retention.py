"""Run the retention rules of all apps, and record how much each removed."""

import datetime
import logging
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.actor import Actor, current_actor
from convention.audit.record import record_action
from convention.errors import InvalidFields, NotFound
from convention.personal_data import RetentionRule

from .models import PrivacyCase, RetentionPeriod, RetentionRun
from .registry import list_retention_rules

logger = logging.getLogger(__name__)
# Rules count days; leap days make a "year" of them a little short, never too long.
DAYS_PER_YEAR = 365


@dataclass(frozen=True)
class EffectiveRule:
    """A retention rule with the days chosen by the club, and its last run."""

    rule: RetentionRule
    days: int
    last_run: RetentionRun | None

    @property
    def is_customized(self) -> bool:
        return self.days != self.rule.days

    @property
    def years(self) -> int:
        """Return the days in years of 365 days, or 0 if they are not whole years."""
        years, rest = divmod(self.days, DAYS_PER_YEAR)
        return 0 if rest else years


def list_effective_rules() -> list[EffectiveRule]:
    custom_days = dict(RetentionPeriod.objects.values_list("rule", "days"))
    latest_runs = RetentionRun.objects.filter(pk__in=_get_latest_run_ids())
    last_runs = {run.rule: run for run in latest_runs}
    return [
        EffectiveRule(rule, custom_days.get(rule.slug, rule.days), last_runs.get(rule.slug))
        for rule in list_retention_rules()
    ]


def _get_latest_run_ids() -> list[int]:
    # A rule that has not run for that long shows no run, and the query stays small.
    since = timezone.now() - datetime.timedelta(days=60)
    rows = RetentionRun.objects.filter(ran_at__gte=since).order_by("ran_at", "pk")
    # In the order of their runs: the last of each rule overwrites the earlier ones.
    return list(dict(rows.values_list("rule", "pk")).values())


def run_nightly_retention() -> None:
    """Run all rules, as a periodic job."""
    run_retention_rules(at=timezone.now())


def run_retention_rules(*, at: datetime.datetime) -> list[RetentionRun]:
    """Run all rules as of `at`; return their reports.

    A rule that fails is recorded and logged; the others still run.
    """
    # No person acts here, so the audit trail names the channel instead.
    token = current_actor.set(Actor(channel="retention"))
    try:
        runs = [_run_rule(rule, at) for rule in list_effective_rules()]
    finally:
        current_actor.reset(token)
    RetentionRun.objects.filter(ran_at__lt=at - RetentionRun.LOG_LIFETIME).delete()
    return runs


def _run_rule(effective: EffectiveRule, at: datetime.datetime) -> RetentionRun:
    cutoff = at - datetime.timedelta(days=effective.days)
    removed_count, error = 0, ""
    try:
        # One transaction for each rule: a failure rolls back this rule alone.
        with transaction.atomic():
            removed_count = effective.rule.delete_older_than(cutoff)
            if removed_count:
                record_action("retention.run", effective.rule.slug, reason=str(removed_count))
    except (OperationalError, InterfaceError):
        raise  # the database is unavailable: the worker tries again
    # Any error: a failing rule of one app must not prevent the rules of the others.
    except Exception as failure:
        logger.exception("The retention rule %s failed.", effective.rule.slug)
        # The class alone: messages of databases quote the values of rows.
        error = f"{type(failure).__module__}.{type(failure).__qualname__}"[:200]
    return RetentionRun.objects.create(
        rule=effective.rule.slug, ran_at=at, cutoff=cutoff, removed_count=removed_count, error=error
    )


def get_adjustable_rule(slug: str) -> RetentionRule:
    """Return a rule whose days the club may choose. Raise NotFound."""
    for rule in list_retention_rules():
        if rule.slug == slug and not rule.is_fixed:
            return rule
    raise NotFound(_("We could not find this rule, or its period cannot be changed."))


@transaction.atomic
def set_retention_days(*, slug: str, days: int) -> None:
    """Keep one kind of data for that many days. Raise InvalidFields below the minimum, and NotFound."""
    rule = get_adjustable_rule(slug)
    if days < rule.min_days:
        sentence = _("Enter at least %(least)d days: the club needs this data for that long.") % {
            "least": rule.min_days
        }
        raise InvalidFields(_("Some fields need to be corrected."), {"days": [sentence]})
    # No row for the default, so that a later change of the default reaches this club.
    if days == rule.days:
        RetentionPeriod.objects.filter(rule=slug).delete()
    else:
        RetentionPeriod.objects.update_or_create(rule=slug, defaults={"days": days})
    record_action("retention.change", slug, fields=["days"])


def delete_old_cases(before: datetime.datetime) -> int:
    """Delete the cases answered before `before`; return how many."""
    rows = PrivacyCase.objects.filter(answered_at__lt=before)
    count = rows.count()
    rows.delete()
    return count


# Invoices, payments and accounts are kept for this long (article L123-22 of the French commercial code).
# Shown on the pages only: no rule deletes them.
LEGAL_RETENTION_YEARS = 10
