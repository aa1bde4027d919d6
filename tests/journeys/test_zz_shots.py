import datetime
import pytest
from django.utils import timezone
from playwright.sync_api import expect
from badges.desk.notes import write_staff_note
from tests.factories import *
from tests.journeys.browsing import sign_in, accessibility_findings
from tests.journeys.test_desk import enable_offline, unlock, PIN, COUNT_PRINTS
pytestmark=[pytest.mark.django_db(transaction=True)]

@pytest.mark.parametrize("case",[("phone","fr","light"),("desktop","en","dark")])
def test_shots(open_page, site, client, case):
    screen, language, scheme = case
    event = make_event(slug="x", name="Convention des infrastructures 2027", name_en="Infrastructure convention 2027")
    ticket = make_ticket(event, name="Invité", name_en="Guest", price=0)
    paid = make_ticket(event, slug="full", name="Plein tarif", name_en="Full price", price=12000)
    zoe = make_registration(ticket, first_name="Zoé", last_name="Lefèvre-Dubois", company="Énergie du Rhône")
    write_staff_note(registration=zoe, text="Remettre le dossier de presse", written_by=None)
    for n in ("Lemoine","Leroy","Lévy"): make_registration(ticket, first_name="Ana", last_name=n, company="Banque des territoires")
    order = make_order(event, payment="card", total=12000, company="Énergie")
    due = make_registration(paid, order=order, first_name="Paul", last_name="Legrand", price=12000, vat_rate=2000, confirmed_at=None, hold_expires_at=timezone.now()+datetime.timedelta(hours=1), is_reserved=True)
    p = "" if language=="fr" else "/en"
    page = open_page(screen, language, color_scheme=scheme)
    sign_in(page, client, site, make_staff(event,"desk", first_name="Nadia", last_name="Haddad"))
    page.add_init_script(COUNT_PRINTS)
    bad=[]
    def shot(name):
        page.wait_for_timeout(300)
        page.screenshot(path=f"/tmp/desk-shots/{screen}-{language}-{scheme}-{name}.png", full_page=True)
        w=page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        if w[0]>w[1]: bad.append((name,w))
        bad.extend((name,f[:200]) for f in accessibility_findings(page))
    page.goto(f"{p}/desk/x/"); page.keyboard.type("le"); expect(page.locator(".guests > li").first).to_be_visible(); shot("1-results")
    page.locator("#q").fill("lefe"); expect(page.locator(".guests > li")).to_have_count(1); page.keyboard.press("Enter"); expect(page.locator("#verdict .person-name")).to_be_visible(); shot("2-verdict")
    page.goto(f"{p}/desk/x/?q=legrand"); page.keyboard.press("Enter"); 
    from django.test import Client; client = Client(); client.force_login(make_staff(event,"desk"))
    client.post(f"/desk/x/guests/{due.reference}/check-in/")
    page.goto(f"{p}/desk/x/?served={due.reference}"); shot("3-refused")
    page.goto(f"{p}/desk/x/guests/{zoe.reference}/"); shot("4-guest")
    page.goto(f"{p}/desk/x/guests/{due.reference}/"); shot("5-guest-due")
    page.goto(f"{p}/desk/x/guests/{due.reference}/payment/"); shot("6-payment")
    page.goto(f"{p}/desk/x/guests/{zoe.reference}/correct/"); shot("7-correct")
    page.goto(f"{p}/desk/x/guests/{zoe.reference}/badge/"); shot("8-badge")
    page.locator("button[value=page]").click(); shot("9-badge-page")
    page.goto(f"{p}/desk/x/guests/{zoe.reference}/badge/"); shot("10-reprint")
    page.goto(f"{p}/desk/x/devices/"); shot("11-devices")
    page.goto(f"{p}/desk-app/?event=x"); page.locator("#setup-form").wait_for(); shot("12-setup")
    page.locator("#pin-new").fill(PIN); page.locator("#pin-again").fill(PIN); page.locator("#device-name").fill("Portable 1"); page.locator("#setup-form button").click()
    expect(page.locator("#view-open")).to_be_visible(); page.wait_for_timeout(1500); page.locator("#q").fill("le"); shot("13-open")
    page.locator("#results button").last.click(); shot("14-guest-dialog"); page.locator("#guest-dialog [data-close]").click()
    page.locator("#walk-in-open").click(); shot("15-walk-in"); page.locator("#walk-in-dialog [data-close]").click()
    page.locator("#q").fill("leroy"); page.keyboard.press("Enter"); shot("16-offline-verdict")
    page.locator("#lock").click(); shot("17-locked")
    page.goto(f"{p}/organize/x/attendance/"); shot("18-attendance")
    print(case, bad)
    assert not bad
