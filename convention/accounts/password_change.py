"""End the sessions and API tokens that an old password, a former address or an account gave access to."""

from typing import Final

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils.translation import ngettext

from convention.api.tokens import revoke_all_tokens
from convention.audit.record import record_action
from convention.club.models import Person

from .mails import TOKENS_REVOKED_OCCASION, send_notice, write_account_mail
from .sessions import end_other_sessions

# Attribute of a request: how many tokens its new password revoked.
REVOKED_TOKENS_ATTRIBUTE: Final = "revoked_api_tokens"


def format_revoked_tokens(count: int) -> str:
    """Return the message that tells the owner how many tokens were revoked."""
    return ngettext(
        "Your API token has been revoked too. Create a new one if you still need it.",
        "Your %(count)d API tokens have been revoked too. Create new ones if you still need them.",
        count,
    ) % {"count": count}


@transaction.atomic
def revoke_access(*, person: Person) -> int:
    """End all sessions and revoke all tokens after a password was set by command; notify the person.

    Return the number of revoked tokens.
    """
    record_action("password.change", person)
    end_other_sessions(person=person, except_key=None)
    revoked = revoke_all_tokens(person_id=person.pk)
    if person.email:
        occasion = TOKENS_REVOKED_OCCASION if revoked else "password_changed"
        notice = write_account_mail(occasion, person.email, {}, person.language)
        # A mail must not tell of a change that was rolled back.
        transaction.on_commit(lambda: send_notice(notice))
    return revoked


@transaction.atomic
def end_access(*, person: Person) -> None:
    """End all sessions and revoke all tokens of an account (hook of the club)."""
    end_other_sessions(person=person, except_key=None)
    revoke_all_tokens(person_id=person.pk)


@transaction.atomic
def replace_address(*, person: Person, former_email: str) -> None:
    """End what the former address gave access to, and notify it (hook of the club).

    If none replaces it, an address that never signed in learns nothing: the person may not know of it.
    """
    # A verified address can still sign in after the person's own address has changed.
    EmailAddress.objects.filter(user=person).exclude(email=person.email or "").delete()
    end_access(person=person)
    if former_email and (person.email or person.last_login):
        addresses = {"from_email": former_email, "to_email": person.email}
        occasion = "email_replaced" if person.email else "email_taken_back"
        notice = write_account_mail(occasion, former_email, addresses, person.language)
        # A mail must not tell of a change that was rolled back.
        transaction.on_commit(lambda: send_notice(notice))
