"""Test that badges signed with an earlier key of the event are still admitted."""

import pytest

import badges.codes
from tests.badges.attendance.factories import (
    make_badge_code,
    make_bearer_header,
    make_device,
    make_event,
    make_item,
    make_registration,
)

pytestmark = pytest.mark.django_db


def test_badges_of_an_earlier_key_of_the_event_are_admitted(client, settings):
    event = make_event()
    registration, other = make_registration(event), make_registration(event, last_name="Autre")
    old = make_badge_code(registration)
    _device, token = make_device(event)
    settings.SECRET_KEY = "another key"  # makes the event get another key pair
    items = [make_item(old), make_item(badges.codes.build_badge_code(other))]

    answer = client.post(
        "/api/v1/scanner/scans/", {"scans": items}, "application/json", headers=make_bearer_header(token)
    )

    assert [one["verdict"] for one in answer.json()["results"]] == ["admitted", "admitted"]
    assert event.keys.count() == 2
