"""Handlers of allauth's signals: record changes in the audit trail and log failures, both with ids only."""

import logging
from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from django.contrib import messages
from django.contrib.auth.signals import user_login_failed

from convention.audit.record import record_action

from .password_change import REVOKED_TOKENS_ATTRIBUTE, format_revoked_tokens
from .session_security import record_enrolled_factor, remove_stale_proofs
from .sessions import end_other_sessions

log = logging.getLogger(__name__)


def connect_signals() -> None:
    mfa.authenticator_added.connect(record_factor_added)
    mfa.authenticator_removed.connect(record_factor_removed)
    mfa.authenticator_reset.connect(record_codes_renewed)
    mfa.authentication_failed.connect(log_factor_failure)
    account.login_code_rejected.connect(log_code_failure)
    user_login_failed.connect(log_password_failure)
    account.email_changed.connect(record_email_change)
    for signal in (account.password_changed, account.password_set, account.password_reset):
        signal.connect(record_password_change)


def record_factor_added(request: Any, user: Any, authenticator: Any, **_rest: Any) -> None:
    """Record the factor, and end the other sessions, which began without it."""
    record_action("second_factor.add", user, fields=[authenticator.type])
    record_enrolled_factor(request, authenticator)
    end_other_sessions(person=user, except_key=request.session.session_key)


def record_factor_removed(request: Any, user: Any, authenticator: Any, **_rest: Any) -> None:
    """Record the removal, and end the other sessions and this one's proof by that factor."""
    record_action("second_factor.remove", user, fields=[authenticator.type])
    remove_stale_proofs(request, user)
    end_other_sessions(person=user, except_key=request.session.session_key)


def record_codes_renewed(user: Any, authenticator: Any, **_rest: Any) -> None:
    record_action("second_factor.renew", user, fields=[authenticator.type])


def record_password_change(request: Any, user: Any, **_rest: Any) -> None:
    """End the sessions that began with the old password, and tell the user how many tokens were revoked."""
    record_action("password.change", user)
    end_other_sessions(person=user, except_key=request.session.session_key)
    if revoked := getattr(request, REVOKED_TOKENS_ATTRIBUTE, 0):
        messages.warning(request, format_revoked_tokens(revoked))


def record_email_change(user: Any, **_rest: Any) -> None:
    """Record that the address changed, without the address."""
    record_action("person.change", user, fields=["email"])


def log_factor_failure(user: Any, authenticator: Any, **_rest: Any) -> None:
    log.warning("sign-in: wrong second factor %s of person %s", authenticator.type, user.pk)


def log_code_failure(user: Any = None, **_rest: Any) -> None:
    log.warning("sign-in: wrong mailed code of person %s", getattr(user, "pk", None))


def log_password_failure(**_rest: Any) -> None:
    """Log a failed sign-in without the address, which may be a password typed in the wrong field."""
    log.warning("sign-in: wrong address or password")
