"""`check --deploy` reports each setting that is wrong for a production site."""

import pytest

from convention.ops.deploy_checks import check_production_settings


@pytest.fixture
def site(settings, tmp_path):
    """Return the settings of a well-configured site."""
    settings.PRODUCTION, settings.SECURE = True, True
    settings.SITE_URL = "https://convention.example.net"
    settings.ALLOWED_HOSTS = ["convention.example.net"]
    settings.DEFAULT_FROM_EMAIL = "The club <club@example.net>"
    settings.MAILERS = {
        "default": {"BACKEND": "convention.mail.smtp_backend.EmailBackend", "OPTIONS": {"host": "mail"}}
    }
    settings.STATIC_ROOT = tmp_path
    (tmp_path / "staticfiles.json").touch()
    return settings


def list_messages() -> list[str]:
    return [f"{message.id.partition('.')[2]} {message.msg}" for message in check_production_settings(None)]


def test_well_configured_site_gets_no_message(site):
    assert list_messages() == []


def test_development_site_gets_no_message(site):
    site.PRODUCTION, site.SITE_URL = False, "http://localhost:8000"
    assert list_messages() == []


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"SECURE": False, "SITE_URL": "http://x.example.net", "ALLOWED_HOSTS": ["*"]},
            "W001 SITE_URL is http://x.example.net: links in mails and badge codes would not lead to https.",
        ),
        (
            {"ALLOWED_HOSTS": ["other.example.net"]},
            "E001 SITE_URL leads to convention.example.net, which ALLOWED_HOSTS does not name.",
        ),
        (
            {"MAILERS": {"default": {"BACKEND": "django.core.mail.backends.dummy.EmailBackend"}}},
            "W002 EMAIL_URL sends no mails.",
        ),
        (
            {"DEFAULT_FROM_EMAIL": "Convention <convention@example.org>"},
            "W003 DEFAULT_FROM_EMAIL is Convention <convention@example.org>, which nobody can answer.",
        ),
        (
            {"TASKS_URL": "immediate"},
            "W006 TASKS_URL is immediate: what fails, such as a mail, is not tried again.",
        ),
        (
            {"IDENTITY_KEYS": []},
            "I002 IDENTITY_KEYS is not set: visitors of a site cannot tell its host who they are.",
        ),
        (
            {"STRIPE_SECRET_KEY": "rk_live_x"},
            "E003 STRIPE_WEBHOOK_SECRET is not set: payments are only noticed minutes later, by polling.",
        ),
        (
            {"STRIPE_SECRET_KEY": "sk_test_x", "STRIPE_WEBHOOK_SECRET": "whsec_x"},
            "W007 STRIPE_SECRET_KEY is a test key: payments look real and bring no money.",
        ),
        (
            {
                "STRIPE_SECRET_KEY": "rk_live_x",
                "STRIPE_WEBHOOK_SECRET": "whsec_x",
                "STRIPE_API_BASE": "http://x",
            },
            "E004 STRIPE_API_BASE is http://x: payments do not go to Stripe.",
        ),
    ],
)
def test_each_mistake_gets_one_message(site, fields, sentence):
    for name, value in fields.items():
        setattr(site, name, value)
    assert list_messages() == [sentence]


def test_allowed_host_with_leading_dot_covers_subdomains(site):
    site.ALLOWED_HOSTS = [".example.net"]
    assert list_messages() == []


def test_missing_style_sheets_are_named(site):
    (site.STATIC_ROOT / "staticfiles.json").unlink()
    assert list_messages() == [f"I001 Style sheets are missing in {site.STATIC_ROOT}: no page can be shown."]
