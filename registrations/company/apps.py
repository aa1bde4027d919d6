"""The company's own desk: seats, colleagues, and many places at once."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from convention import hooks
from convention.hooks import HOUR, MINUTE


class CompanyDeskConfig(AppConfig):
    """The company's own desk: seats, colleagues, and many places at once."""

    name = "registrations.company"
    label = "company_desk"
    verbose_name = _("Company desk")

    def ready(self) -> None:
        """Register what lower layers call."""
        hooks.periodic_jobs.register("registrations.company.invite.remind_incomplete", seconds=HOUR)
        hooks.periodic_jobs.register("registrations.company.reassign.reassign_ended", seconds=MINUTE)
