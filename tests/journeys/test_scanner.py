"""At the door: pair, scan, and what each badge shows."""

import pytest

from tests.badges.attendance.making import code_of, make_event, make_registration
from tests.journeys.scanning import expect_verdict, pair

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_badge_before_the_camera_is_admitted(camera_page, site, tmp_path):
    event = make_event()
    badge = make_registration(event, first_name="Zoé", last_name="Müller")
    page = camera_page([code_of(badge)])
    page.on("console", lambda m: print("CONSOLE", m.text))
    pair(page, event)
    expect_verdict(page, "admitted", name="Zoé Müller")
    print(page.evaluate("document.getElementById('verdict').dataset.milliseconds"))
    page.screenshot(path="/tmp/shot-admitted.png")
    page.wait_for_timeout(2500)
    page.screenshot(path="/tmp/shot-gate.png")
