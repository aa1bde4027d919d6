"""Checks of a production site's settings (`manage.py check --deploy`)."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Tags, Warning, register  # noqa: A004 (the framework's name)

PLACEHOLDER_DOMAIN = "@example.org"


@register(Tags.security, deploy=True)
def check_production_settings(app_configs: object, **_kwargs: Any) -> list[CheckMessage]:
    """Return all warnings and errors for a production site."""
    return (
        [
            *check_site_address(),
            *check_mail(),
            *check_static_files(),
            *check_task_queue(),
            *check_payments(),
            *check_identity_keys(),
        ]
        if settings.PRODUCTION
        else []
    )


def check_site_address() -> Iterator[CheckMessage]:
    """Check that the address in mails can be opened, over https."""
    host = urlsplit(settings.SITE_URL).hostname or ""
    if not settings.SECURE:
        yield Warning(
            f"SITE_URL is {settings.SITE_URL}: links in mails and badge codes would not lead to https.",
            hint="Set SITE_URL to the address people see, such as https://convention.example.org.",
            id="convention.W001",
        )
    # A leading dot allows subdomains.
    allowed = [name.lstrip(".") for name in settings.ALLOWED_HOSTS]
    if "*" not in allowed and not any(host == name or host.endswith(f".{name}") for name in allowed):
        yield Error(
            f"SITE_URL leads to {host or 'nowhere'}, which ALLOWED_HOSTS does not name.",
            hint="People who follow a link from a mail would be turned away: add it.",
            id="convention.E001",
        )


def check_mail() -> Iterator[CheckMessage]:
    """Check that mails are sent, from a sender that exists."""
    if not settings.MAILERS["default"]["BACKEND"].endswith("smtp_backend.EmailBackend"):
        yield Warning(
            "EMAIL_URL sends no mails.",
            hint="smtp+tls://user:password@host:587, smtp+ssl://...:465 or smtp://host:25.",
            id="convention.W002",
        )
    elif not settings.MAILERS["default"]["OPTIONS"].get("host"):
        yield Error("EMAIL_URL names no mail server.", id="convention.E002")
    if PLACEHOLDER_DOMAIN in settings.DEFAULT_FROM_EMAIL:
        yield Warning(
            f"DEFAULT_FROM_EMAIL is {settings.DEFAULT_FROM_EMAIL}, which nobody can answer.",
            hint="Set the club's own address: mail servers refuse senders that do not exist.",
            id="convention.W003",
        )


def check_static_files() -> Iterator[CheckMessage]:
    """Check that static files are collected."""
    if not (settings.STATIC_ROOT / "staticfiles.json").exists():
        yield Info(
            f"Style sheets are missing in {settings.STATIC_ROOT}: no page can be shown.",
            hint="Run manage.py collectstatic --noinput, after each update too.",
            id="convention.I001",
        )


def check_task_queue() -> Iterator[CheckMessage]:
    """Check that tasks are queued, so that failed ones are retried."""
    if settings.TASKS_URL == "immediate":
        yield Warning(
            "TASKS_URL is immediate: what fails, such as a mail, is not tried again.",
            hint="Leave TASKS_URL out and run manage.py worker (manage.py serve starts one).",
            id="convention.W006",
        )


def check_payments() -> Iterator[CheckMessage]:
    """Check that card payments use live keys, Stripe itself, and verified webhooks."""
    if not settings.STRIPE_SECRET_KEY:
        return  # card payment is not set up
    if not settings.STRIPE_WEBHOOK_SECRET:
        yield Error(
            "STRIPE_WEBHOOK_SECRET is not set: payments are only noticed minutes later, by polling.",
            hint="Add the endpoint /stripe/webhook/ in Stripe's dashboard and set its secret (whsec_...).",
            id="convention.E003",
        )
    if "_test_" in settings.STRIPE_SECRET_KEY:
        yield Warning(
            "STRIPE_SECRET_KEY is a test key: payments look real and bring no money.",
            hint="Set the live key, best a restricted one (rk_live_...); docs/operators.md names its rights.",
            id="convention.W007",
        )
    if settings.STRIPE_API_BASE:
        yield Error(
            f"STRIPE_API_BASE is {settings.STRIPE_API_BASE}: payments do not go to Stripe.",
            hint="Leave it out; it is for tests.",
            id="convention.E004",
        )


def check_identity_keys() -> Iterator[CheckMessage]:
    """Check that site visits have a key to encrypt identities with."""
    if not settings.IDENTITY_KEYS:
        yield Info(
            "IDENTITY_KEYS is not set: visitors of a site cannot tell its host who they are.",
            hint="Make a key as docs/operators.md says, and keep it apart from the backups.",
            id="convention.I002",
        )
