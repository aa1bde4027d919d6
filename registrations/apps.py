"""Registrations: tickets, orders, attendees and all that changes them."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from convention import hooks
from convention.hooks import DAY, HOUR, MINUTE


class RegistrationsConfig(AppConfig):
    name = "registrations"
    verbose_name = _("Registrations")

    def ready(self) -> None:
        """Register hooks."""
        hooks.periodic_jobs.register("registrations.periodic_jobs.release_expired_holds", seconds=MINUTE)
        hooks.periodic_jobs.register("registrations.billing.unbilled.bill_unbilled_orders", seconds=MINUTE)
        hooks.periodic_jobs.register("registrations.periodic_jobs.delete_unclaimed_files", seconds=HOUR)
        hooks.periodic_jobs.register("registrations.periodic_jobs.delete_old_idempotency_keys", seconds=DAY)
        hooks.periodic_jobs.register("registrations.periodic_jobs.delete_old_import_rows", seconds=DAY)
        for function_path, interval in (
            ("waiting_list.periodic.process_waiting_lists", MINUTE),
            ("sessions.notifications.notify_changed_sessions", HOUR),
            ("changes.notifications.notify_changed_registrations", MINUTE),
        ):
            hooks.periodic_jobs.register(f"registrations.{function_path}", seconds=interval)
        for kind in ("registrations", "cancel-selection", "resend-selection", "change-selected-tickets"):
            hooks.job_pages.register(kind, "registrations.organizer.registration_list.JOB_PAGE")
        for kind, function_path in (
            ("registrations", "import_export.import_registrations.run_import_job"),
            ("agendas", "sessions.printed_agendas.print_agendas"),
            ("cancel-event", "event_cancellation.follow.run_event_cancellation_job"),
            ("cancel-selection", "changes.cancel_selected.run_cancellation_job"),
            ("resend-selection", "changes.resend.run_resend_job"),
            ("change-selected-tickets", "changes.change_selected_tickets.run_change_job"),
        ):
            hooks.job_kinds.register(kind, f"registrations.{function_path}")
        hooks.registration_links.register("registrations.permissions.find_registration_links")
        hooks.person_uses.register("registrations.data_subject.find_people_registered_since")
        hooks.person_participations.register(
            "registrations.organizer.registration_list.list_registration_participations"
        )
        hooks.registration_counts.register("registrations.organizer.group_participants.count_registrations")
        hooks.group_participants.register(
            "registrations.organizer.group_participants.find_group_participants"
        )
        hooks.printed_logos.register("registrations.logos.list_printed_logos")
        hooks.receivable_sources.register("registrations.billing.receivables.find_receivable")
        hooks.charge_labels.register("registrations.billing.charge_titles.label_charges")
        hooks.refund_requests.register("registrations.changes.merge.queue_release_of_merged")
        hooks.pending_references.register("registrations.billing.unbilled.find_pending_references")
        hooks.confirm_reference.register("registrations.booking.verification.vouch_for_order_reference")
        hooks.event_downloads.register("registrations.organizer.exports.EXPORT_SHEETS")
        hooks.metrics.register("registrations.questions.storage_use.list_storage_metrics")
        self._register_session_hooks()
        self._register_event_hooks()

    def _register_session_hooks(self) -> None:
        for hook, function_name in (
            (hooks.publication_recipients, "find_publication_recipients"),
            (hooks.publication_notices, "queue_notices"),
            (hooks.silent_publication, "mark_changes_as_known"),
            (hooks.agenda_used, "link_agenda"),
        ):
            hook.register(f"registrations.sessions.notifications.{function_name}")
        hooks.print_pages.register("registrations.sessions.agenda_views.PRINT_PAGE")
        hooks.booking_address.register("registrations.sessions.permissions.find_booking_address")
        hooks.booked_sessions.register("registrations.sessions.personal_agenda.find_booked_session_ids")
        hooks.awaited_sessions.register("registrations.sessions.awaited.describe_awaited_sessions")
        hooks.agenda_owners.register("registrations.sessions.personal_agenda.find_agenda_owner")
        loaders = {"bookings": "load_booked_attendees", "favourites": "load_starring_attendees"}
        for audience, loader in loaders.items():
            hooks.session_audiences.register(audience, f"registrations.sessions.audiences.{loader}")

    def _register_event_hooks(self) -> None:
        for hook, function_path in (
            (hooks.event_readiness, "ticketing.readiness.list_ticket_readiness"),
            (hooks.event_deletion_obstacles, "ticketing.readiness.list_deletion_obstacles"),
            (hooks.unpublication_effects, "ticketing.readiness.list_unpublication_effects"),
            (hooks.event_cancellation_effects, "event_cancellation.effects.describe_event_cancellation"),
            (hooks.event_cancellation_listeners, "event_cancellation.follow.queue_cancellations"),
            (hooks.event_starters, "ticketing.starting_tickets.create_starting_tickets"),
            (hooks.event_copiers, "ticketing.copy_tickets.copy_registration_settings"),
        ):
            hook.register(f"registrations.{function_path}")
