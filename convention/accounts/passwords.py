"""Passwords that may not be chosen."""

from django.contrib.auth.password_validation import CommonPasswordValidator

from convention.club.demo_accounts import DEMO_PASSWORD


class KnownPasswordValidator(CommonPasswordValidator):
    """Refuse the passwords of Django's list and that of the demo, which is published."""

    def __init__(self) -> None:
        super().__init__()
        self.passwords = {*self.passwords, DEMO_PASSWORD}
