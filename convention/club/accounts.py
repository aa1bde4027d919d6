"""How allauth meets the club: nobody signs up by themselves, people are invited or register."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.account.models import EmailAddress


class NoSignup(DefaultAccountAdapter):
    """Sign-in only; registering for an event needs no account."""

    def is_open_for_signup(self, request: Any) -> bool:
        """Never: accounts are made by the club."""
        return False

    def pre_login(self, request: Any, user: Any, **options: Any) -> Any:
        """A code that came back proves the address it was sent to, also of someone just invited."""
        records = get_authentication_records(request, user)
        if user.email and {"method": "code", "email": user.email}.items() <= last(records).items():
            EmailAddress.objects.update_or_create(
                user=user, email=user.email, defaults={"verified": True, "primary": True}
            )
        return super().pre_login(request, user, **options)


def last(records: list[dict[str, Any]]) -> dict[str, Any]:
    """How someone proved who they are, just now."""
    return records[-1] if records else {}
