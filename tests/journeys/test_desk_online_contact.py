"""A browser that may work offline reports from the online desk, unless it has entries to send."""

import datetime

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from badges.desk.models import DeskDevice
from badges.desk.offline_devices import revoke_desk_device
from convention.events.models import Event
from tests.factories import make_event, make_registration, make_ticket
from tests.journeys.browsing import wait_for_value
from tests.journeys.test_desk import check_in, enable_offline, open_desk

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]

COUNT_VAULTS = """() => new Promise((resolve) => {
  const opening = indexedDB.open("convention-desk");
  opening.onsuccess = () => {
    const counting = opening.result.transaction("vaults").objectStore("vaults").count();
    counting.onsuccess = () => { opening.result.close(); resolve(counting.result); };
  };
})"""


@pytest.fixture
def event() -> Event:
    event = make_event(slug="x")
    make_registration(make_ticket(event, name="Invité"), first_name="Élo", last_name="Keller")
    return event


@pytest.fixture
def page(open_page, site, client, event) -> Page:
    page = open_page("desktop")
    open_desk(page, client, site, event)
    enable_offline(page)
    return page


def fall_silent() -> datetime.datetime:
    seen_at = timezone.now() - datetime.timedelta(minutes=40)
    DeskDevice.objects.update(seen_at=seen_at)
    return seen_at


def test_browser_at_the_online_desk_is_seen(page):
    page.goto("/desk/x/devices/")
    seen_at = fall_silent()

    with page.expect_response("**/offline/contact/") as response:
        page.goto("/desk/x/")

    assert response.value.status == 204
    assert DeskDevice.objects.get().seen_at > seen_at


def test_revoked_browser_at_the_online_desk_erases_its_data(page):
    page.goto("/desk/x/devices/")
    revoke_desk_device(device=DeskDevice.objects.get())

    page.goto("/desk/x/")

    wait_for_value(page, COUNT_VAULTS, value=0)


def test_browser_with_unsent_entries_stays_silent(page):
    page.route("**/offline/sync/", lambda route: route.abort())
    page.locator("#q").focus()
    check_in(page, "kel")
    expect(page.locator("#verdict .person-name")).to_have_text("Élo Keller")
    page.goto("/desk/x/devices/")
    seen_at = fall_silent()
    requests = []
    page.on("request", lambda request: requests.append(request.url))

    page.goto("/desk/x/")
    expect(page.locator("#unsent")).to_be_visible()
    page.wait_for_load_state("networkidle")

    assert not [url for url in requests if "/contact/" in url]
    assert DeskDevice.objects.get().seen_at == seen_at
