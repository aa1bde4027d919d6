"""App of events, venues and rooms."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from convention import hooks


class EventsConfig(AppConfig):
    name = "convention.events"
    verbose_name = _("Events")

    def ready(self) -> None:
        """Register the hooks that lower layers call."""
        hooks.event_readiness.register("convention.events.publishing.publish.list_event_readiness")
        hooks.public_pages.register("convention.events.publishing.public_views.list_public_events")
        hooks.event_copiers.register("convention.events.publishing.copy_event.copy_rooms_and_team")
        hooks.company_guards.register("convention.events.club_hooks.check_company_delegations")
        hooks.group_meetings.register("convention.events.club_hooks.list_group_meetings")
        hooks.new_meeting_page.register("convention.events.club_hooks.get_new_meeting_path")
        hooks.person_roles.register("convention.events.club_hooks.select_event_role_holders")
        hooks.person_uses.register("convention.events.club_hooks.find_people_with_roles_since")
