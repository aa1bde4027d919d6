"""Django app of site visits; registers periodic jobs and hooks."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from convention import hooks
from convention.hooks import HOUR, MINUTE


class VisitsConfig(AppConfig):
    name = "registrations.visits"
    label = "visits"
    verbose_name = _("Visits")

    def ready(self) -> None:
        """Register periodic jobs, and the hooks that lower packages call."""
        hooks.periodic_jobs.register(
            "registrations.visits.identity.requests.request_identities", seconds=HOUR
        )
        hooks.periodic_jobs.register("registrations.visits.identity.purge.purge_due_data", seconds=HOUR)
        hooks.periodic_jobs.register(
            "registrations.visits.lifecycle.reminders.remind_visitors", seconds=15 * MINUTE
        )
        # Lists are locked at nine sharp by the clock of the event, so this job runs most often.
        hooks.periodic_jobs.register(
            "registrations.visits.visitor_list.lock.lock_due_lists", seconds=5 * MINUTE
        )
        hooks.periodic_jobs.register(
            "registrations.visits.applications.notifications.remind_before_lock", seconds=HOUR
        )
        # Lower packages must not import visits: they reach these rules through the registry alone.
        hooks.person_participations.register(
            "registrations.visits.applications.applicants.list_visit_participations"
        )
        hooks.person_merge_guards.register(
            "registrations.visits.applications.merged_people.list_double_applications"
        )
        hooks.application_rules.register("registrations.visits.applications.visit_rules.VISIT_RULES")
        hooks.application_deadlines.register(
            "registrations.visits.lifecycle.event_hooks.find_application_deadlines"
        )
        hooks.cancellation_listeners.register(
            "registrations.visits.identity.deletion.delete_identities_of_cancelled"
        )
        hooks.cancellation_listeners.register(
            "registrations.visits.visitor_list.list_withdrawals.queue_withdrawal_mails"
        )
        hooks.transfer_listeners.register(
            "registrations.visits.identity.deletion.delete_identity_of_former_attendee"
        )
        hooks.attendee_steps.register("registrations.visits.applications.visitor_steps.list_visitor_steps")
        hooks.cancelled_events.register("registrations.visits.lifecycle.event_hooks.find_cancelled_events")
        hooks.event_readiness.register("registrations.visits.lifecycle.event_hooks.list_visit_readiness")
        hooks.event_deletion_obstacles.register(
            "registrations.visits.lifecycle.event_hooks.list_application_obstacles"
        )
        hooks.event_locks.register("registrations.visits.lifecycle.event_hooks.lock_visit_of_event")
        hooks.event_guards.register("registrations.visits.lifecycle.event_hooks.check_event_change")
        hooks.date_change_effects.register(
            "registrations.visits.lifecycle.date_change.list_date_change_effects"
        )
        hooks.event_change_listeners.register("registrations.visits.lifecycle.date_change.follow_new_dates")
        hooks.event_change_listeners.register("registrations.visits.lifecycle.host_change.follow_new_host")
