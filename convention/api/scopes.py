"""What a token may do: an endpoint names the scope it needs."""

from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import BasePermission

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from rest_framework.request import Request


class HasScope(BasePermission):
    """The request carries a token that holds the view's `required_scope`."""

    message = _("This token does not hold the scope that this address needs.")

    def has_permission(self, request: "Request", view: Any) -> bool:
        """Compare the token's scopes with the view's `required_scope`."""
        scopes = getattr(request.auth, "scopes", None)
        return scopes is not None and view.required_scope in scopes


def reader(request: "Request", scope: str) -> "AbstractBaseUser | AnonymousUser":
    """Who reads a public address: the token's owner where it holds the scope, else a stranger."""
    scopes = getattr(request.auth, "scopes", None)
    return request.user if scopes and scope in scopes else AnonymousUser()
