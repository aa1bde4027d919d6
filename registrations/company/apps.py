"""The company area app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from convention import hooks
from convention.hooks import HOUR, MINUTE


class CompanyDeskConfig(AppConfig):
    name = "registrations.company"
    label = "company_desk"
    verbose_name = _("Company area")

    def ready(self) -> None:
        """Register hooks of lower layers."""
        hooks.address_corrections.register("registrations.company.invitations.invite_at_corrected_address")
        hooks.attendee_invitations.register("registrations.company.invitations.invite_new_attendee")
        hooks.confirmation_listeners.register("registrations.company.invitations.invite_confirmed_colleagues")
        hooks.quotation_order_pages.register("registrations.company.quotations.find_quotation_order_path")
        hooks.periodic_jobs.register("registrations.company.invitations.send_due_reminders", seconds=HOUR)
        hooks.periodic_jobs.register(
            "registrations.company.reassign_orders.reassign_ended_contacts", seconds=MINUTE
        )
