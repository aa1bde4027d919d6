"""Validators of new passwords."""

from django.contrib.auth.password_validation import CommonPasswordValidator

from convention.club.demo_accounts import DEMO_PASSWORD


class KnownPasswordValidator(CommonPasswordValidator):
    """Refuse the common passwords of Django's list, and the demo's published one."""

    def __init__(self) -> None:
        super().__init__()
        # It is published in the README, so anybody would try it first.
        self.passwords = {*self.passwords, DEMO_PASSWORD}
