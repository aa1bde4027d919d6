"""What signing in holds of people, for the privacy desk."""

from typing import Any

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from convention.personal import Holding, Subject

from .sessions import end_other_sessions


def _end_sessions(_rows: "QuerySet[Any]", subject: Subject) -> None:
    """Signed out everywhere, at once."""
    if subject.person:
        end_other_sessions(person=subject.person, this=None)


HOLDINGS = [
    Holding(
        model=EmailAddress,
        name=_("addresses"),
        why=_("which addresses are proven to be yours"),
        people=("user",),
        addresses=("email",),
        gone=True,
    ),
    Holding(
        model=EmailConfirmation,
        name=_("links that prove an address"),
        why=_("links that prove an address"),
        through=("email_address",),
        hides=("key",),
        gone=True,
    ),
    Holding(
        model=Authenticator,
        name=_("second factors"),
        why=_("your passkeys and your authenticator app"),
        people=("user",),
        hides=("data",),
        gone=True,
    ),
    Holding(
        model=UserSession,
        name=_("sessions of sign-in"),
        why=_("where you are signed in"),
        people=("user",),
        hides=("session_key", "data"),
        forget=_end_sessions,
        gone=True,
    ),
    Holding(
        model=LogEntry,
        name=_("acts in the back office"),
        why=_("what you did in the back office"),
        did=("user",),
        tells=("id", "action_time", "action_flag", "content_type", "object_id"),
        because=_("what was done stays traceable; no name is left"),
    ),
]
FREE_TEXT = {LogEntry: ("object_repr", "change_message")}
