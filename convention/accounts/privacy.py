"""Personal data of sign-in, declared for privacy requests."""

from typing import Any

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from convention.personal_data import DataSubject, PersonalDataSource

from .merged_addresses import prepare_merged_addresses
from .sessions import end_other_sessions


def _end_sessions(_rows: "QuerySet[Any]", subject: DataSubject) -> None:
    """End all sessions of the erased person at once."""
    if subject.person:
        end_other_sessions(person=subject.person, except_key=None)


PERSONAL_DATA = [
    PersonalDataSource(
        model=EmailAddress,
        name=_("e-mail addresses"),
        purpose=_("your verified e-mail addresses"),
        person_columns=("user",),
        address_columns=("email",),
        is_deleted_on_erasure=True,
        merge_rows=prepare_merged_addresses,
    ),
    PersonalDataSource(
        model=EmailConfirmation,
        name=_("links to verify an address"),
        purpose=_("links to verify an address"),
        parent_columns=("email_address",),
        hidden_columns=("key",),
        is_deleted_on_erasure=True,
    ),
    PersonalDataSource(
        model=Authenticator,
        name=_("second factors"),
        purpose=_("your passkeys and authenticator app"),
        person_columns=("user",),
        hidden_columns=("data",),
        is_deleted_on_erasure=True,
        is_deleted_on_merge=True,
    ),
    PersonalDataSource(
        model=UserSession,
        name=_("sign-in sessions"),
        purpose=_("where you are signed in"),
        person_columns=("user",),
        # A session's key would open it.
        hidden_columns=("session_key", "data"),
        # Before the rows are deleted: they name the sessions that have to end.
        erase_rows=_end_sessions,
        is_deleted_on_erasure=True,
        is_deleted_on_merge=True,
    ),
    PersonalDataSource(
        model=LogEntry,
        name=_("actions in the back office"),
        purpose=_("your actions in the back office"),
        actor_columns=("user",),
        exported_columns=("id", "action_time", "action_flag", "content_type", "object_id"),
        retention_reason=_("actions stay traceable, without your name"),
    ),
]
FREE_TEXT = {LogEntry: ("object_repr", "change_message")}
