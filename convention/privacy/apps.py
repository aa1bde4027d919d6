"""The privacy desk."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PrivacyConfig(AppConfig):
    """What the club holds of people, what they agreed to, and what is removed when."""

    name = "convention.privacy"
    label = "privacy"
    verbose_name = _("Privacy")
