"""Mistyped addresses at well-known providers get a suggestion; other real domains get none."""

import pytest

from convention.text.address_suggestions import suggest_address
from convention.text.email_addresses import PUBLIC_MAIL_DOMAINS


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("gmial.com", "gmail.com"),
        ("gmail.con", "gmail.com"),
        ("gmail.co", "gmail.com"),
        ("gamil.com", "gmail.com"),
        ("gmal.com", "gmail.com"),
        ("hotmial.fr", "hotmail.fr"),
        ("hotmial.con", "hotmail.com"),
        ("orage.fr", "orange.fr"),
        ("roange.fr", "orange.fr"),
        ("wanadoo.f", "wanadoo.fr"),
        ("wanado.fr", "wanadoo.fr"),
        ("lapost.net", "laposte.net"),
        ("outlok.fr", "outlook.fr"),
        ("yaho.fr", "yahoo.fr"),
        ("free.ft", "free.fr"),
        ("aol.con", "aol.com"),
    ],
)
def test_mistyped_domain_is_corrected(typed, meant):
    assert suggest_address(f"ana@{typed}") == f"ana@{meant}"


@pytest.mark.parametrize(
    "domain",
    [
        *sorted(PUBLIC_MAIL_DOMAINS),
        "mail.com",
        "email.com",
        "ymail.com",
        "gmx.de",
        "yahoo.fi",
        "yahoo.co.uk",
        "hotmail.be",
        "orange.com",
        "grange.fr",
        "laposte.fr",
        "tree.fr",
        "sfa.fr",
        "free.fi",
        "aol.co",
        "line.fr",
        "proton.com",
        "mail.gmail.example",
        "example.org",
        "acme-industrie.fr",
    ],
)
def test_real_domain_gets_no_suggestion(domain):
    assert suggest_address(f"ana@{domain}") == ""


@pytest.mark.parametrize("text", ["", "ana", "@gmial.com", "gmial.com", "ana@", "ana@gmial"])
def test_incomplete_address_gets_no_suggestion(text):
    assert suggest_address(text) == ""


def test_spaces_are_removed_and_capitals_stay():
    assert suggest_address(" Ana.Sol@GMIAL.com ") == "Ana.Sol@gmail.com"


def test_domain_longer_than_any_providers_gets_no_suggestion():
    assert suggest_address("ana@" + "g" * 5_000_000 + ".com") == ""
