"""Payment by card and by bank transfer."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CheckoutConfig(AppConfig):
    """Payment by card and by bank transfer."""

    name = "registrations.checkout"
    verbose_name = _("Payments")
