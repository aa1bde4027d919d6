"""The company's own desk: seats, colleagues, and many places at once."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CompanyDeskConfig(AppConfig):
    """The company's own desk: seats, colleagues, and many places at once."""

    name = "registrations.company"
    label = "company_desk"
    verbose_name = _("Company desk")
