"""Checks of a production site's accounts, for `manage.py check --deploy`."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register  # noqa: A004 (the framework's name)
from django.db import DatabaseError

from .demo_credentials import find_people_with_demo_password


@register(Tags.security, deploy=True)
def check_demo_passwords(app_configs: object, **_kwargs: Any) -> list[CheckMessage]:
    """Warn about each account with the demo's password; return [] without a database."""
    if not settings.PRODUCTION:
        return []
    try:
        people = find_people_with_demo_password()
    # `check` also runs before the database exists.
    except DatabaseError:
        return []
    return [
        Warning(
            f"{person.email} has the demo's password, which everybody can read.",
            hint="Give it another with manage.py changepassword, or deactivate the account (back office).",
            id="convention.W008",
        )
        for person in people
    ]
