"""Bearer tokens of people's programs."""

from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed

from .models import ApiToken
from .tokens import hash_token

if TYPE_CHECKING:
    from rest_framework.request import Request

    from convention.club.models import Person


class BearerToken(BaseAuthentication):
    """`Authorization: Bearer TOKEN`, where the token is one of a person's."""

    def authenticate(self, request: "Request") -> "tuple[Person, ApiToken] | None":
        """The token's owner and the token; None where no bearer token is sent."""
        scheme, _space, token = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            return None
        found = ApiToken.objects.select_related("person").filter(token_hash=hash_token(token.strip())).first()
        if found is None or not found.is_valid() or not found.person.is_active:
            raise AuthenticationFailed(_("This token is unknown, expired or revoked."))
        ApiToken.objects.filter(pk=found.pk).update(used_at=timezone.now())
        return found.person, found

    def authenticate_header(self, request: "Request") -> str:
        """Tell clients which scheme to use."""
        return "Bearer"
