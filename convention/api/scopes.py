"""Permissions by token scope: each endpoint names the scope it needs."""

from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import BasePermission

from .models import ApiToken

if TYPE_CHECKING:
    from rest_framework.request import Request

    from convention.club.models import Person


class HasScope(BasePermission):
    """Require a token that has the view's `required_scope`."""

    message = _("This token does not have the scope required for this address.")

    def has_permission(self, request: "Request", view: Any) -> bool:
        # None for a request without token; devices authenticate otherwise and have no scopes.
        scopes = getattr(request.auth, "scopes", None)
        return scopes is not None and view.required_scope in scopes


class HasScopeOrNoToken(HasScope):
    """Allow requests without a token; a token that is sent must have the view's `required_scope`."""

    def has_permission(self, request: "Request", view: Any) -> bool:
        return request.auth is None or super().has_permission(request, view)


def get_reader(request: "Request", scope: str) -> "Person | AnonymousUser":
    """Return the token's owner if the token has the scope, else an anonymous user."""
    token = request.auth
    # Otherwise a token for registrations would also read its owner's drafts.
    return token.person if isinstance(token, ApiToken) and scope in token.scopes else AnonymousUser()
