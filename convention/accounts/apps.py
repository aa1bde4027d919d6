"""App of sign-in and account security."""

from importlib import import_module

from allauth.core.internal import ratelimit
from django.apps import AppConfig
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from convention import hooks
from convention.web.rate_limit_cache import limits_cache


class AccountsConfig(AppConfig):
    """App that connects allauth's signals to the audit trail and to sessions, and checks accounts."""

    name = "convention.accounts"
    verbose_name = _("Sign-in")

    def ready(self) -> None:
        """Connect to allauth's signals, register checks and hooks, and use our rate limit cache."""
        hooks.end_access.register("convention.accounts.password_change.end_access")
        hooks.replace_address.register("convention.accounts.password_change.replace_address")
        hooks.add_addresses.register("convention.accounts.merged_addresses.add_addresses")
        hooks.remove_address.register("convention.accounts.merged_addresses.remove_address")
        import_string("convention.accounts.account_events.connect_signals")()
        import_module("convention.accounts.checks")
        ratelimit.cache = limits_cache  # allauth has no setting for it
