"""What allauth tells: kept in the audit trail (what changed) and in the log (what failed), by ids alone."""

import logging
from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from django.contrib import messages
from django.contrib.auth.signals import user_login_failed

from convention.audit.record import record

from .new_password import REVOKED_TOKENS, say_revoked
from .proof import forget_removed, note_set_up
from .sessions import end_other_sessions

log = logging.getLogger(__name__)


def connect() -> None:
    """Listen to what changes an account, and to what fails."""
    mfa.authenticator_added.connect(factor_added)
    mfa.authenticator_removed.connect(factor_removed)
    mfa.authenticator_reset.connect(codes_renewed)
    mfa.authentication_failed.connect(factor_failed)
    account.login_code_rejected.connect(code_failed)
    user_login_failed.connect(password_failed)
    account.email_changed.connect(email_changed)
    for changed in (account.password_changed, account.password_set, account.password_reset):
        changed.connect(password_changed)


def factor_added(request: Any, user: Any, authenticator: Any, **_rest: Any) -> None:
    """A factor protects the account from now on: sessions begun without it end."""
    record("second_factor.add", user, fields=[authenticator.type])
    note_set_up(request, authenticator)
    end_other_sessions(person=user, this=request.session.session_key)


def factor_removed(request: Any, user: Any, authenticator: Any, **_rest: Any) -> None:
    """End what was proven by a factor that is gone: other sessions, and this one's own proof."""
    record("second_factor.remove", user, fields=[authenticator.type])
    forget_removed(request, user)
    end_other_sessions(person=user, this=request.session.session_key)


def codes_renewed(user: Any, authenticator: Any, **_rest: Any) -> None:
    """Keep that a new sheet of recovery codes was made."""
    record("second_factor.renew", user, fields=[authenticator.type])


def password_changed(request: Any, user: Any, **_rest: Any) -> None:
    """End the sessions begun with the old password, and say which programs ended with it."""
    record("password.change", user)
    end_other_sessions(person=user, this=request.session.session_key)
    if revoked := getattr(request, REVOKED_TOKENS, 0):
        messages.warning(request, say_revoked(revoked))


def email_changed(user: Any, **_rest: Any) -> None:
    """Keep that the address changed, not what it was."""
    record("person.change", user, fields=["email"])


def factor_failed(user: Any, authenticator: Any, **_rest: Any) -> None:
    """A wrong code of the app, or a wrong recovery code."""
    log.warning("sign-in: wrong second factor %s of person %s", authenticator.type, user.pk)


def code_failed(user: Any = None, **_rest: Any) -> None:
    """A wrong mailed code."""
    log.warning("sign-in: wrong mailed code of person %s", getattr(user, "pk", None))


def password_failed(**_rest: Any) -> None:
    """A wrong password or an unknown address; neither is written down."""
    log.warning("sign-in: wrong address or password")
