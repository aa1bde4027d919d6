"""Invoices, payments and the books."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InvoicesConfig(AppConfig):
    """Invoices, payments and the books."""

    name = "registrations.invoices"
    verbose_name = _("Invoices")
