"""How allauth meets the club: nobody signs up by themselves, people are invited or register."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter


class NoSignup(DefaultAccountAdapter):
    """Sign-in only; registering for an event needs no account."""

    def is_open_for_signup(self, request: Any) -> bool:
        """Never: accounts are made by the club."""
        return False
