"""A new password ends what the old one gave access to: sessions and API tokens."""

from typing import Final

from django.db import transaction
from django.utils.translation import ngettext

from convention.api.tokens import revoke_all_tokens
from convention.audit.record import record
from convention.club.models import Person
from convention.mail import send

from .letters import TOKENS_REVOKED, letter
from .sessions import end_other_sessions

REVOKED_TOKENS: Final = "revoked_api_tokens"
"""The attribute of a request that says how many tokens its new password revoked."""


def say_revoked(count: int) -> str:
    """Return what the owner reads where tokens ended."""
    return ngettext(
        "Your API token was revoked too: if a program still needs one, make a new one.",
        "Your %(count)d API tokens were revoked too: if programs still need some, make new ones.",
        count,
    ) % {"count": count}


@transaction.atomic
def end_access(*, person: Person) -> int:
    """End all sessions and revoke all tokens after a new password was set by command, and tell the person.

    Return how many tokens there were.
    """
    record("password.change", person)
    end_other_sessions(person=person, this=None)
    revoked = revoke_all_tokens(person_id=person.pk)
    if person.email:
        occasion = TOKENS_REVOKED if revoked else "password_changed"
        notice = letter(occasion, person.email, {}, person.language)
        transaction.on_commit(lambda: send(notice))
    return revoked
