"""Signing in and staying safe."""

from importlib import import_module

from allauth.core.internal import ratelimit
from django.apps import AppConfig
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from convention.limits import limits


class AccountsConfig(AppConfig):
    """Hears what allauth did, for the audit trail and for sessions that must end; checks accounts."""

    name = "convention.accounts"
    verbose_name = _("Sign-in")

    def ready(self) -> None:
        """Connect to allauth's own signals; what it counts stands where all limits are counted."""
        import_string("convention.accounts.listen.connect")()
        import_module("convention.accounts.checks")
        ratelimit.cache = limits  # allauth has no setting for it
