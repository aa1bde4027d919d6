"""Guesses of voucher codes are limited, and the form stays reachable for those who sent too many."""

import json

import pytest
from django.test import Client

from convention.events.models import Event
from registrations.rate_limits import WRONG_CODES_PER_HOUR, WRONG_CODES_PER_NETWORK
from tests.factories import make_voucher
from tests.registrations.storefront.test_price_pages import REGISTER, choose

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def test_guessing_voucher_codes_is_rate_limited_by_browser(client: Client, event: Event, settings):
    settings.RATE_LIMITS = "on"
    make_voucher(event)
    for number in range(WRONG_CODES_PER_HOUR):
        assert choose(client, code=f"TRY{number}").status_code == 200
    assert [choose(client, code="HALF").status_code, client.get(f"{REGISTER}check/").status_code] == [429] * 2
    assert choose(client, code="").status_code == 302


@pytest.mark.long
def test_guessing_voucher_codes_is_rate_limited_by_network(event: Event, settings):
    settings.RATE_LIMITS = "on"
    make_voucher(event)

    def quote(number: int, code: str) -> int:
        body = {
            "email": f"buyer{number}@example.org",
            "code": code,
            "registrations": [{"ticket": "guest", "first_name": "Ana", "last_name": "Silva", "email": ""}],
        }
        address = "/api/v1/events/congress/quotes/"
        return Client().post(address, json.dumps(body), content_type="application/json").status_code

    for number in range(WRONG_CODES_PER_NETWORK):
        quote(number, f"TRY{number}")

    assert quote(WRONG_CODES_PER_NETWORK, "HALF") == 429


def test_choices_open_without_the_code_when_too_many_were_guessed(client: Client, event: Event, settings):
    settings.RATE_LIMITS = "on"
    for number in range(WRONG_CODES_PER_HOUR + 1):
        choose(client, code=f"TRY{number}")

    page = client.get(f"{REGISTER}choices/")

    assert page.status_code == 200
    assert page.context["code"].initial == {"code": ""}


def test_half_typed_codes_of_the_autosave_are_no_guesses(client: Client, event: Event, settings):
    settings.RATE_LIMITS = "on"
    make_voucher(event)
    choose(client, code="")
    for number in range(WRONG_CODES_PER_HOUR + 1):
        client.post(f"{REGISTER}choices/", {"code": f"HA{number}"}, headers={"X-Draft": "1"})

    assert choose(client, code="HALF").status_code == 302
