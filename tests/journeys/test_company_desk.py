"""A company registers twelve people from a pasted list; one completes details, another is replaced."""

import re

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from badges.attendance.devices.pairing import pair_device
from badges.attendance.models import Checkpoint
from badges.codes import build_badge_code
from convention.events.models import Event
from registrations.models import Order, Registration
from tests.badges.attendance.factories import make_bearer_header, make_item
from tests.factories import make_addon
from tests.journeys.browsing import assert_accessible, assert_no_sideways_scroll, sign_in
from tests.registrations.company.factories import Desk, make_desk
from tests.task_runner import run_waiting_tasks

pytestmark = pytest.mark.once


def check_page(page: Page) -> None:
    """Require an accessible page that does not scroll sideways."""
    assert_no_sideways_scroll(page)
    assert_accessible(page)


def get_verdict(code: str, event: Event) -> str:
    """Scan a badge code at the entrance; return the verdict."""
    door = event.checkpoints.first() or Checkpoint.objects.create(event=event, name="Entrée")
    answer = Client().post(
        "/api/v1/scanner/scans/",
        {"scans": [make_item(code)]},
        content_type="application/json",
        headers=make_bearer_header(pair_device(checkpoint=door).token),
    )
    return answer.json()["results"][0]["verdict"]


@pytest.mark.parametrize("screen", ["phone"], indirect=True)
def test_company_registers_twelve_and_replaces_one(browser_page: Page, site, prefix, mailoutbox, open_page):
    desk = make_desk()
    page = browser_page
    sign_in(page, Client(), site, desk.contact)

    page.goto(f"{prefix}/company/")

    check_page(page)

    page.goto(f"{prefix}{desk.many}")
    people = [f"Zoé\tNuméro {number}\tz{number}@x.example\tInvité" for number in range(1, 11)]
    people += ["Léo\tBêta\tleo@\tInvité", f"Ana\tSilva\t{desk.colleague.email}\tOr"]
    page.locator("[name=pasted]").fill("Prénom\tNom\tE-mail\tBillet\n" + "\n".join(people))
    page.locator("button[name=paste]").click()
    expect(page.locator("#error-summary a")).to_have_count(2)

    expect(page.locator("#rows .errorlist li")).to_have_count(2)

    check_page(page)

    page.locator("[name=row-10-email]").fill("leo@x.example")
    page.locator("[name=row-11-ticket]").select_option("member")
    # Eleven guests and a member; the amount is written in the language of the page.
    expect(page.locator("[data-draft-total]")).to_contain_text(re.compile(r"\b3\D?400\b"))
    page.locator("main .button.big").click()
    expect(page.locator("main tbody tr")).to_have_count(12)

    page.locator("[name=purchase_order]").fill("PO-2027-12")

    check_page(page)

    page.locator("main .button.big").click()
    expect(page.locator("main tbody tr")).to_have_count(12)

    check_page(page)
    order = Order.objects.get()
    assert order.registrations.count() == 12
    assert order.purchase_order == "PO-2027-12"
    assert order.total == 340_000

    run_waiting_tasks()
    _complete_details(open_page(), mailoutbox)
    _replace_attendee(page, desk, f"{prefix}{desk.at}/registrations/")


def _complete_details(page: Page, mailoutbox) -> None:
    """Complete the details through the colleague's own link, without signing in."""
    [mail] = [mail for mail in mailoutbox if mail.to == ["leo@x.example"]]
    page.goto(next(line for line in mail.body.splitlines() if "/details/" in line).strip())
    page.locator("[name=last_name]").fill("Bêta-Rey")
    page.locator("[name=no_photo]").check()
    check_page(page)
    page.locator("main form .button").click()
    expect(page.locator("main .listing-title").first).to_have_text("Léo Bêta-Rey")
    assert Registration.objects.get(email="leo@x.example").no_photo


def _replace_attendee(page: Page, desk: Desk, address: str) -> None:
    """Replace an attendee by a colleague; only the new badge is admitted."""
    one = Registration.objects.get(last_name="Numéro 1")
    before = build_badge_code(one)
    page.goto(f"{address}{one.reference}/")
    check_page(page)
    page.locator("[name=first_name]").fill("Eva")
    page.locator("[name=last_name]").fill("Nouvelle")
    page.locator("[name=email]").fill("eva@x.example")
    page.locator("main form .button:not(.quiet)").click()
    expect(page.locator("h1")).to_have_text("Eva Nouvelle")
    one.refresh_from_db()
    assert [get_verdict(before, desk.event), get_verdict(build_badge_code(one), desk.event)] == [
        "refused",
        "admitted",
    ]


def test_tab_of_the_current_page_is_in_view_on_a_phone(site, open_page):
    desk = make_desk()
    page = open_page("phone", "fr")
    sign_in(page, Client(), site, desk.contact)

    page.goto(f"{desk.at}/orders/")

    tabs = page.locator(".tabs")
    expect(tabs.locator("[aria-current]")).to_be_in_viewport(ratio=0.9)
    expect(tabs).to_have_class(re.compile("has-before"))


def test_names_stay_readable_beside_errors(open_page, site):
    desk = make_desk()
    make_addon(desk.event)
    page = open_page("desktop", viewport={"width": 1280, "height": 800})
    sign_in(page, Client(), site, desk.contact)
    page.goto(desk.many)
    page.fill("[name=row-0-first_name]", "Alexandrine")
    page.fill("[name=row-0-email]", "ana@")

    page.locator("main .button.big").click()

    page.locator(".rows .errorlist").first.wait_for()
    widths = {
        name: page.locator(f"[name=row-0-{name}]").bounding_box()["width"]
        for name in ("first_name", "last_name", "email")
    }
    assert min(widths.values()) >= 120
    assert_no_sideways_scroll(page)
