"""The programme of events: what happens, when and where."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from convention import hooks
from convention.hooks import DAY, HOUR


class ScheduleConfig(AppConfig):
    name = "schedule"
    verbose_name = _("Schedule")

    def ready(self) -> None:
        """Register what lower layers call."""
        hooks.person_merge_guards.register("schedule.proposals.merged_reviewers.list_double_reviews")
        hooks.event_readiness.register("schedule.versions.timetables.list_programme_readiness")
        hooks.event_cancellation_effects.register(
            "schedule.speakers.event_cancellation.describe_informed_speakers"
        )
        hooks.event_cancellation_listeners.register("schedule.editing.revision.follow_cancellation")
        hooks.event_restoration_listeners.register("schedule.editing.revision.follow_restoration")
        hooks.event_cancellation_listeners.register("schedule.speakers.event_cancellation.inform_speakers")
        hooks.public_pages.register("schedule.programme.public_pages.list_programme_pages")
        hooks.event_copiers.register("schedule.editing.programme_parts.copy_programme_settings")
        hooks.event_downloads.register("schedule.downloads.DOWNLOAD_SHEETS")
        hooks.room_uses.register("schedule.editing.room_removal.describe_room_uses")
        hooks.room_removal.register("schedule.editing.room_removal.clear_rooms")
        hooks.declined_sessions.register("schedule.proposals.decisions.free_declined_session")
        hooks.periodic_jobs.register("schedule.exchange.uploads.delete_old_uploads", seconds=HOUR)
        hooks.periodic_jobs.register("schedule.plan_runs.runs.delete_old_plan_runs", seconds=DAY)
        hooks.periodic_jobs.register("schedule.prints.requests.delete_outdated_files", seconds=DAY)
