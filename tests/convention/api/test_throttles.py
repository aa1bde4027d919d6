"""Limits: by e-mail, token or object, never by address alone; off when told so."""

import pytest

from convention.api.throttles import TooOften, spend


@pytest.fixture(autouse=True)
def _limits_on(settings):
    settings.RATE_LIMITS = "on"


def test_each_name_has_its_own_count():
    for _each in range(3):
        spend("mail", "a@example.org", most=3, seconds=3600)
    spend("mail", "b@example.org", most=3, seconds=3600)
    with pytest.raises(TooOften) as refusal:
        spend("mail", "A@example.org", most=3, seconds=3600)
    assert 0 < refusal.value.retry_after <= 3600


def test_off_means_off(settings):
    settings.RATE_LIMITS = "off"
    for _each in range(5):
        spend("mail", "a@example.org", most=1, seconds=3600)
