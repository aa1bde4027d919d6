"""Mailings: mail to chosen people of an event, and reminders before it."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MailingsConfig(AppConfig):
    """Mailings: mail to chosen people of an event, and reminders before it."""

    name = "badges.mailings"
    verbose_name = _("Mailings")
