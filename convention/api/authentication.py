"""Authenticate API requests by a person's bearer token."""

import datetime
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed

from convention.actor import Actor, current_actor
from convention.db.compiled_query import CompiledQuery

from .models import ApiToken
from .tokens import hash_token

if TYPE_CHECKING:
    from rest_framework.request import Request

    from convention.club.models import Person


# The time of a token's last use is stored no more precisely than this: otherwise each read would be a write.
LAST_USED_INTERVAL = datetime.timedelta(minutes=10)
# Compiled, since programs order by token while thousands wait (see `convention/db/compiled_query.py`).
TOKEN_BY_HASH = CompiledQuery(
    lambda token_hash_placeholder: ApiToken.objects.select_related("person").filter(
        token_hash=token_hash_placeholder
    ),
    "the hash",
)


class BearerTokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer TOKEN`, where the token belongs to a person."""

    def authenticate(self, request: "Request") -> "tuple[Person, ApiToken] | None":
        """Return the token's owner and the token, and make the owner the actor.

        Return None if no bearer token is sent. Raise AuthenticationFailed for one that is unknown, expired
        or revoked.
        """
        # Latin-1 decodes any byte, so that a broken header is an unknown token and no server error.
        scheme, *token = get_authorization_header(request).decode("latin-1").split(maxsplit=1) or [""]
        if scheme.lower() != "bearer":
            return None
        found = TOKEN_BY_HASH.first(hash_token("".join(token).strip()))
        if found is None or not found.is_valid() or not found.person.is_active:
            raise AuthenticationFailed(_("This token is unknown, expired or revoked."))
        now = timezone.now()
        # By `update`, not `save`: a token that is revoked at the same moment must stay revoked.
        if found.used_at is None or now - found.used_at > LAST_USED_INTERVAL:
            ApiToken.objects.filter(pk=found.pk).update(used_at=now)
        current_actor.set(Actor(found.person_id, "api", current_actor.get().request_id))
        return found.person, found

    def authenticate_header(self, request: "Request") -> str:
        """Return the scheme for the WWW-Authenticate header of a 401."""
        # Without this method DRF would answer 403 instead of 401.
        return "Bearer"
