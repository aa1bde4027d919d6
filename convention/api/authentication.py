"""Bearer tokens of people's programs."""

import datetime
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed

from convention.actor import Actor, current_actor
from convention.composed import Composed

from .models import ApiToken
from .tokens import hash_token

if TYPE_CHECKING:
    from rest_framework.request import Request

    from convention.club.models import Person


NOTED_EACH = datetime.timedelta(minutes=10)
"""How exactly is kept when a token was last used."""
TOKENS = Composed(lambda kept: ApiToken.objects.select_related("person").filter(token_hash=kept), "the hash")


class BearerToken(BaseAuthentication):
    """`Authorization: Bearer TOKEN`, where the token is one of a person's."""

    def authenticate(self, request: "Request") -> "tuple[Person, ApiToken] | None":
        """The token's owner and the token, and who acts from now on; None where no bearer token is sent."""
        scheme, *token = get_authorization_header(request).decode("latin-1").split(maxsplit=1) or [""]
        if scheme.lower() != "bearer":
            return None
        found = TOKENS.first(hash_token("".join(token).strip()))
        if found is None or not found.is_valid() or not found.person.is_active:
            raise AuthenticationFailed(_("This token is unknown, expired or revoked."))
        now = timezone.now()
        if found.used_at is None or now - found.used_at > NOTED_EACH:
            ApiToken.objects.filter(pk=found.pk).update(used_at=now)
        current_actor.set(Actor(found.person_id, "api", current_actor.get().request_id))
        return found.person, found

    def authenticate_header(self, request: "Request") -> str:
        """Tell clients which scheme to use."""
        return "Bearer"
