"""Mistyped addresses at well-known providers get a suggestion, here and in the desk's JavaScript."""

import json
from pathlib import Path

import pytest

from convention.text.address_suggestions import suggest_address
from convention.text.email_addresses import PUBLIC_MAIL_DOMAINS

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "address_suggestions.json").read_text())


@pytest.mark.parametrize("typed", VECTORS)
def test_mistyped_domain_is_corrected_and_a_real_one_is_not(typed):
    assert suggest_address(typed) == VECTORS[typed]


@pytest.mark.parametrize("domain", sorted(PUBLIC_MAIL_DOMAINS))
def test_provider_gets_no_suggestion(domain):
    assert suggest_address(f"ana@{domain}") == ""


def test_domain_longer_than_any_providers_gets_no_suggestion():
    assert suggest_address("ana@" + "g" * 5_000_000 + ".com") == ""
