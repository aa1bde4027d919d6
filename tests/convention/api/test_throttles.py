"""Rate limits by e-mail, token or object, never by IP address alone; disabled by RATE_LIMITS=off."""

import pytest

from convention.api.throttles import TooManyRequests, consume_rate_limit


@pytest.fixture(autouse=True)
def _limits_on(settings):
    settings.RATE_LIMITS = "on"


def test_each_email_address_has_its_own_count():
    for _each in range(3):
        consume_rate_limit("mail", "a@example.org", limit=3, window_seconds=3600)
    consume_rate_limit("mail", "b@example.org", limit=3, window_seconds=3600)

    with pytest.raises(TooManyRequests) as refusal:
        consume_rate_limit("mail", "A@example.org", limit=3, window_seconds=3600)
    assert 0 < refusal.value.retry_after <= 3600


def test_rate_limits_can_be_turned_off(settings):
    settings.RATE_LIMITS = "off"
    for _each in range(5):
        consume_rate_limit("mail", "a@example.org", limit=1, window_seconds=3600)
