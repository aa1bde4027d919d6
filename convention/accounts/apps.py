"""Signing in and staying safe."""

from django.apps import AppConfig
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """Hears what allauth did, for the audit trail and for sessions that must end."""

    name = "convention.accounts"
    verbose_name = _("Sign-in")

    def ready(self) -> None:
        """Connect to allauth's own signals."""
        import_string("convention.accounts.listen.connect")()
