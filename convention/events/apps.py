"""Events, venues and rooms."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from convention import hooks


class EventsConfig(AppConfig):
    """Events, venues and rooms."""

    name = "convention.events"
    verbose_name = _("Events")

    def ready(self) -> None:
        """Register what lower layers call."""
        hooks.company_guards.register("convention.events.guard_company.guard_company")
        hooks.person_uses.register("convention.events.used_since.given_roles_since")
