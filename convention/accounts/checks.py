"""What is wrong with the accounts of a production site; `manage.py check --deploy`."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register  # noqa: A004 (the framework's name)
from django.db import DatabaseError

from .demo_credentials import people_with_demo_password


@register(Tags.security, deploy=True)
def demo_passwords(app_configs: object, **_kwargs: Any) -> list[CheckMessage]:
    """Return a warning for each account with the demo's password; none where there is no database yet."""
    if not settings.PRODUCTION:
        return []
    try:
        people = people_with_demo_password()
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
