"""What a token may do: an endpoint names the scope it needs."""

from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import BasePermission

from .models import ApiToken

if TYPE_CHECKING:
    from rest_framework.request import Request

    from convention.club.models import Person


class HasScope(BasePermission):
    """The request carries a token that holds the view's `required_scope`."""

    message = _("This token does not hold the scope that this address needs.")

    def has_permission(self, request: "Request", view: Any) -> bool:
        """Compare the token's scopes with the view's `required_scope`."""
        scopes = getattr(request.auth, "scopes", None)
        return scopes is not None and view.required_scope in scopes


class NoTokenOrScope(HasScope):
    """Anybody without a token; whoever brings one is told where it does not hold the view's scope."""

    def has_permission(self, request: "Request", view: Any) -> bool:
        """Compare as above where there is something to compare."""
        return request.auth is None or super().has_permission(request, view)


def reader(request: "Request", scope: str) -> "Person | AnonymousUser":
    """Who reads a public address: the token's owner where it holds the scope, else a stranger."""
    token = request.auth
    return token.person if isinstance(token, ApiToken) and scope in token.scopes else AnonymousUser()
