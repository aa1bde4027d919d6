"""Visits to vendors' sites: what they add to an event and to its registrations."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from convention import hooks
from convention.hooks import HOUR, MINUTE


class VisitsConfig(AppConfig):
    """Visits to vendors' sites: what they add to an event and to its registrations."""

    name = "registrations.visits"
    label = "visits"
    verbose_name = _("Visits")

    def ready(self) -> None:
        """Register what lower layers call."""
        hooks.periodic_jobs.register("registrations.visits.ask_identities.ask_identities", seconds=HOUR)
        hooks.periodic_jobs.register("registrations.visits.purge.purge_due", seconds=HOUR)
        hooks.periodic_jobs.register(
            "registrations.visits.remind_visitors.remind_visitors", seconds=15 * MINUTE
        )
        hooks.periodic_jobs.register("registrations.visits.lock.lock_due", seconds=5 * MINUTE)
        hooks.periodic_jobs.register("registrations.visits.tell_applicant.remind_before_lock", seconds=HOUR)
        hooks.application_rules.register("registrations.visits.rules.RULES")
        hooks.cancelled_events.register("registrations.visits.called_off.called_off_among")
        hooks.event_guards.register("registrations.visits.guard_event.guard_event")
