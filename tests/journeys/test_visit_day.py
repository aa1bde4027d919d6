"""The day of a visit on phones: scans at the exit and the evacuation list work offline."""

import datetime

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect

from badges.attendance.models import Checkpoint, Scan
from badges.desk.check_in import check_in_guest
from badges.visits.checkpoints import create_visit_checkpoints
from badges.visits.roster import load_roster
from convention.audit.models import AuditEntry
from tests.badges.attendance.factories import make_badge_code, make_event, make_registration
from tests.factories import make_staff
from tests.journeys.browsing import assert_accessible, pop_page_problems, sign_in, wait_for_value
from tests.journeys.scanning import (
    expect_all_sent,
    expect_offline_ready,
    expect_pending,
    pair,
    type_as_hand_scanner,
)
from tests.registrations.visits.visit_day import make_visit, make_visitor, scan_by_hand

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]


@pytest.mark.long
def test_evacuation_list_and_exit_scans_work_offline(open_page, site):
    visit = make_visit()
    stays, goes = make_visitor(visit, last_name="Aube"), make_visitor(visit, last_name="Brun")
    create_visit_checkpoints(visit=visit)
    for visitor in (stays, goes):
        scan_by_hand(visitor)
    desk = make_staff(visit.event, "desk")
    phone, door = open_page("phone"), open_page("phone")
    address = f"/organize/{visit.event.slug}/visit/day/evacuation/"
    sign_in(phone, Client(), site, desk)
    phone.goto(address)

    expect(phone.locator("#saved-offline")).to_be_visible()

    assert_accessible(phone)

    wait_for_value(
        phone,
        "async () => (await (await caches.open('personal-evacuation-2')).keys()).length > 3",
        value=True,
    )
    way_out = Checkpoint.objects.get(event=visit.event, kind="exit")
    pair(door, visit.event, checkpoint=way_out)

    expect(door.locator("[name=direction][value=out]")).to_be_checked()

    expect_offline_ready(door)

    for page in (phone, door):
        page.context.set_offline(True)
    type_as_hand_scanner(door, make_badge_code(goes.registration))

    expect_pending(door, 1)

    phone.reload()
    expect(phone.locator("#offline")).to_be_visible()
    expect(phone.locator(".people-checklist strong")).to_have_text(["Aube Ana", "Brun Ana"])
    phone.get_by_text("Aube Ana").click()
    expect(phone.locator("#found-count")).to_have_text("1 sur 2 retrouvés")
    phone.get_by_label("Seulement les personnes manquantes").check()
    expect(phone.locator(".people-checklist li:visible strong")).to_have_text(["Brun Ana"])
    phone.get_by_label("Seulement les personnes manquantes").uncheck()
    phone.locator("#checklist-search").fill("aubé")
    expect(phone.locator(".people-checklist li:visible strong")).to_have_text(["Aube Ana"])
    phone.locator("#checklist-search").fill("")

    door.context.set_offline(False)

    expect_all_sent(door)
    assert Scan.objects.latest("pk").direction == "out"
    assert [visitor.whereabouts.value for visitor in load_roster(visit)] == ["inside", "left"]

    phone.context.set_offline(False)
    phone.reload()
    expect(phone.locator(".people-checklist li")).to_have_count(1)
    desk.event_roles.update(ends_on=timezone.localdate() - datetime.timedelta(days=1))
    phone.reload()
    expect(phone.locator(".people-checklist")).to_have_count(0)

    wait_for_value(
        phone,
        "async (address) => !(await (await caches.open('personal-evacuation-2')).match(address))",
        address,
        value=True,
    )

    for page in (phone, door):
        assert pop_page_problems(page) == []


def test_evacuation_list_opened_before_the_doors_is_recent_offline(open_page, site):
    """The open page fetches the list every half minute; offline it has those who came in meanwhile."""
    event = make_event()
    desk, phone = make_staff(event, "desk"), open_page("phone")
    address = f"/organize/{event.slug}/attendance/evacuation/"
    sign_in(phone, Client(), site, desk)
    phone.clock.install()
    phone.goto(address)

    expect(phone.locator(".empty")).to_have_text("Personne n’est sur place.")

    wait_for_value(phone, LIST_IS_CACHED, value=True)
    check_in_guest(guest=make_registration(event, last_name="Aube"), operator=desk, direction="in")
    phone.clock.fast_forward(31_000)

    expect(phone.locator(".people-checklist strong")).to_have_text("Aube Zoé")

    phone.get_by_text("Aube Zoé").click()
    check_in_guest(guest=make_registration(event, last_name="Brun"), operator=desk, direction="in")
    phone.clock.fast_forward(31_000)

    expect(phone.locator("#found-count")).to_have_text("1 sur 2 retrouvés")

    phone.context.set_offline(True)
    phone.reload()

    expect(phone.locator("#offline")).to_be_visible()
    expect(phone.locator(".people-checklist strong")).to_have_text(["Aube Zoé", "Brun Zoé"])
    assert_accessible(phone)
    # Its own readings are no further openings; the first one counts twice, as below.
    assert AuditEntry.objects.filter(verb="evacuation.open").count() == 2
    assert pop_page_problems(phone) == []


LIST_IS_CACHED = """async () => (await (await caches.open("personal-evacuation-2")).keys())
    .some(({ url }) => url.endsWith("/evacuation/"))"""
LIST_IS_DELETED = """async (address) => !(await caches.match(address))
    && !(await navigator.serviceWorker.getRegistrations()).some(({ scope }) => scope.endsWith(address))"""
HAS_PERSONAL_CACHE = "async () => (await caches.keys()).some((name) => name.startsWith('personal-'))"


def test_cached_evacuation_list_is_deleted_on_sign_out_and_end_of_role(open_page, site):
    """The role ends while another page is open. Signing out also deletes the ticks from the phone."""
    visit = make_visit()
    scan_by_hand(make_visitor(visit, last_name="Aube"))
    desk, phone = make_staff(visit.event, "desk"), open_page("phone")
    address = f"/organize/{visit.event.slug}/attendance/evacuation/"
    sign_in(phone, Client(), site, desk)
    phone.goto(address)
    wait_for_value(phone, LIST_IS_CACHED, value=True)
    phone.reload()
    phone.get_by_text("Aube Ana").click()
    other_tab = phone.context.new_page()
    other_tab.goto(address)
    expect(other_tab.locator("[name=found]")).to_be_checked()
    other_tab.get_by_role("button", name="Tout décocher").click()
    expect(phone.locator("[name=found]")).not_to_be_checked()
    other_tab.close()

    phone.goto("/me/")

    assert phone.evaluate(LIST_IS_CACHED)

    phone.goto("/accounts/logout/")
    phone.locator("main form button").click()
    wait_for_value(phone, LIST_IS_DELETED, address, value=True)

    wait_for_value(phone, HAS_PERSONAL_CACHE, value=False)

    assert phone.evaluate("Object.keys(localStorage).filter((name) => name.includes('found:'))") == []

    sign_in(phone, Client(), site, desk)
    phone.goto(address)
    wait_for_value(phone, LIST_IS_CACHED, value=True)
    desk.event_roles.update(ends_on=timezone.localdate() - datetime.timedelta(days=1))
    phone.goto("/me/")

    wait_for_value(phone, LIST_IS_DELETED, address, value=True)

    # The first opening after signing in counts twice: the service worker does not see its response.
    assert AuditEntry.objects.filter(verb="evacuation.open").count() == 6
    assert pop_page_problems(phone) == []
