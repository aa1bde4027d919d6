"""Register in a browser, from the event's page to the badge in the e-mail."""

import re
from email.message import EmailMessage

import pytest
from playwright.sync_api import Page, expect

from badges.codes import build_badge_code
from convention.events.models import Event
from registrations.models import Registration
from tests.factories import make_company, make_event, make_member, make_ticket
from tests.journeys.browsing import assert_accessible, assert_no_sideways_scroll
from tests.mail_server import MailReceiver
from tests.pdf_readers import decode_qr, render_pdf

pytestmark = pytest.mark.once


@pytest.fixture
def congress(site: str) -> Event:
    event = make_event(slug="congress", name="La Convention", name_en="The Convention")
    make_ticket(event, slug="member", name="Adhérent", name_en="Member", audience="member", position=1)
    make_ticket(event, slug="guest", name="Invité", name_en="Guest", price=12_000, capacity=10, position=2)
    return event


@pytest.fixture
def visit(site: str) -> Event:
    event = make_event(
        slug="visit",
        name="Visite",
        name_en="Visit",
        kind=Event.Kind.SITE_VISIT,
        visibility=Event.Visibility.MEMBERS,
        host=make_company(role="vendor"),
    )
    make_ticket(event, slug="member", audience="member", capacity=2, company_cap=1)
    return event


def check_page(page: Page) -> None:
    assert_no_sideways_scroll(page)
    if page.evaluate("true"):
        assert_accessible(page)


def fill(page: Page, **fields: str) -> None:
    for name, value in fields.items():
        page.locator(f"[name={name}]").fill(value)


INBOX = re.compile("consultez votre messagerie|check your inbox")
CONFIRMED = re.compile("Inscription confirmée|Registration confirmed")


def press_continue(page: Page) -> None:
    page.locator("main .button.big").click()


def fill_person(page: Page, number: int = 0, **fields: str) -> None:
    person = {
        "first_name": "Zoé",
        "last_name": "Müller",
        "email": "zoe@example.org",
        "company": "Acme",
        **fields,
    }
    fill(page, **{f"person-{number}-{name}": value for name, value in person.items()})


def fill_billing(page: Page) -> None:
    fill(page, billing_street="1 rue de la Paix", billing_postcode="35000", billing_city="Rennes")


def get_part(message: EmailMessage, kind: str) -> EmailMessage:
    return next(part for part in message.walk() if part.get_content_type() == kind)


def find_link(message: EmailMessage, pattern: str) -> str:
    return re.search(rf"https?://\S*{pattern}\S*", get_part(message, "text/plain").get_content()).group(0)


def test_guest_registers_corrects_and_cancels(
    browser_page: Page, prefix: str, congress: Event, mail_receiver: MailReceiver, run_tasks
):
    page = browser_page
    page.goto(f"{prefix}/events/congress/")
    check_page(page)
    press_continue(page)
    press_continue(page)  # without names: the summary lists the missing fields
    expect(page.locator("#error-summary li")).to_have_count(3)
    check_page(page)
    fill_person(page)
    press_continue(page)
    check_page(page)
    page.locator("[name=choice-0-ticket][value=guest]").check()
    press_continue(page)
    fill_billing(page)
    check_page(page)
    press_continue(page)
    expect(page).to_have_url(re.compile(rf"{prefix}/orders/\w+/"))
    check_page(page)
    expect(page.locator("h1")).to_have_text(INBOX)
    registration = Registration.objects.get()
    assert registration.state == "pending"
    assert registration.order.billing_city == "Rennes"
    page.locator("main details summary").click()
    check_page(page)
    run_tasks()
    page.goto(find_link(mail_receiver.wait_for(1)[0], "/orders/confirm/"))
    check_page(page)
    registration.refresh_from_db()
    assert registration.state == "pending"
    press_continue(page)
    expect(page.locator("h1")).to_have_text(CONFIRMED)
    check_page(page)
    registration.refresh_from_db()
    assert registration.state == "confirmed"
    run_tasks()
    message = mail_receiver.wait_for(2)[1]
    badge = get_part(message, "application/pdf").get_payload(decode=True)
    assert decode_qr(render_pdf(badge)[0]) == [build_badge_code(registration)]

    page.goto(find_link(message, "/orders/"))
    page.locator("a[href$='/correct/']").click()
    check_page(page)
    fill(page, last_name="Müller-Lefèvre")
    page.locator("main form .button").first.click()
    expect(page.locator("main")).to_contain_text("Müller-Lefèvre")
    page.locator("a[href$='/cancel/']").click()
    check_page(page)
    page.locator("main form .danger").click()
    expect(page.locator("h1")).to_have_text(re.compile("Inscription annulée|Registration cancelled"))
    check_page(page)
    registration.refresh_from_db()
    assert registration.state == "cancelled"
    assert congress.tickets.get(slug="guest").reserved == 0
    run_tasks()
    subjects = [mail["Subject"] for mail in mail_receiver.wait_for(3)]
    assert len(subjects) == 3


@pytest.mark.parametrize("screen", ["phone"], indirect=True)
def test_member_confirms_place_on_visit_through_mailed_link(
    browser_page: Page, prefix: str, visit: Event, mail_receiver: MailReceiver, run_tasks
):
    page = browser_page
    member = make_member(email="zoe@example.org")

    page.goto(f"{prefix}/events/visit/")

    check_page(page)

    press_continue(page)
    fill_person(page)
    press_continue(page)
    press_continue(page)  # the only ticket is chosen already
    press_continue(page)

    expect(page.locator("main")).to_contain_text("zoe@example.org")

    check_page(page)

    run_tasks()
    page.goto(find_link(mail_receiver.wait_for(1)[0], "/orders/confirm/"))

    check_page(page)

    press_continue(page)
    expect(page.locator("h1")).to_have_text(CONFIRMED)

    registration = Registration.objects.get()
    assert registration.person == member
    assert registration.member_of == member.employments.get().company


@pytest.mark.parametrize("language", ["fr"], indirect=True)
@pytest.mark.parametrize("screen", ["desktop"], indirect=True)
def test_registration_does_not_reveal_membership(browser_page: Page, visit: Event):
    make_member(email="member@example.org")
    seen = []

    for address in ("member@example.org", "nobody@example.org"):
        browser_page.goto("/events/visit/register/")
        fill_person(browser_page, email=address)
        for _screen in range(3):
            press_continue(browser_page)
        text = browser_page.locator("main").inner_text()
        seen.append(re.sub(r"[A-Z0-9]{8}\b|\d+ h \d+", "", text.replace(address, "X")))

    assert seen[0] == seen[1]


def test_two_people_are_registered_without_javascript(no_javascript: Page, prefix: str, congress: Event):
    page = no_javascript
    page.goto(f"{prefix}/events/congress/register/")
    fill_person(page)
    page.locator("[name=add]").click()
    fill_person(page, 1, first_name="Bob", email="")
    page.locator("[name=add]").click()

    page.locator("[name=remove][value='2']").click()

    assert page.locator("[name=person-0-last_name]").input_value() == "Müller"

    press_continue(page)

    for number in (0, 1):
        page.locator(f"[name=choice-{number}-ticket][value=guest]").check()

    press_continue(page)
    fill_billing(page)
    press_continue(page)

    expect(page.locator("h1")).to_have_text(INBOX)

    assert sorted(Registration.objects.values_list("first_name", flat=True)) == ["Bob", "Zoé"]


@pytest.mark.parametrize("language", ["fr"], indirect=True)
@pytest.mark.parametrize("screen", ["phone"], indirect=True)
def test_enter_in_a_field_submits_the_step(no_javascript: Page, congress: Event):
    page = no_javascript
    page.goto("/events/congress/register/")
    page.locator("[name=add]").click()
    fill_person(page)
    fill_person(page, 1, first_name="Bob", email="")
    page.locator("[name=person-0-company]").press("Enter")

    expect(page).to_have_url(re.compile("/choices/$"))

    for number in (0, 1):
        page.locator(f"[name=choice-{number}-ticket][value=guest]").check()

    page.locator("[name=choice-0-no_photo]").press("Enter")
    expect(page).to_have_url(re.compile("/check/$"))
    fill_billing(page)
    page.locator("[name=billing_city]").press("Enter")
    expect(page.locator("h1")).to_have_text(INBOX)


@pytest.mark.parametrize("language", ["fr"], indirect=True)
@pytest.mark.parametrize("screen", ["desktop"], indirect=True)
def test_a_double_click_books_once(browser_page: Page, congress: Event):
    page = browser_page
    page.goto("/events/congress/register/")
    fill_person(page)

    press_continue(page)

    page.locator("[name=choice-0-ticket][value=guest]").check()

    press_continue(page)
    fill_billing(page)
    page.locator("main .button.big").dblclick()
    expect(page.locator("h1")).to_have_text(INBOX)

    page.go_back()

    assert Registration.objects.count() == 1


@pytest.mark.parametrize("language", ["fr"], indirect=True)
@pytest.mark.parametrize("screen", ["phone"], indirect=True)
def test_draft_is_restored_after_leaving_the_form(browser_page: Page, congress: Event):
    page = browser_page
    page.goto("/events/congress/register/")
    with page.expect_response(lambda response: response.status == 204):
        fill_person(page, last_name="Half-typed")
    page.goto("/events/congress/")

    press_continue(page)

    assert page.locator("[name=person-0-last_name]").input_value() == "Half-typed"


@pytest.mark.parametrize("screen", ["phone"], indirect=True)
def test_extreme_names_fit_the_screen(browser_page: Page, prefix: str, congress: Event):
    page = browser_page
    Event.objects.update(name="Convention " + "extraordinairement longue " * 11, name_en="W" * 300)

    page.goto(f"{prefix}/events/congress/")

    assert_no_sideways_scroll(page)

    press_continue(page)
    fill_person(page, first_name="W" * 300, last_name="محمد 李 😀", company="x" * 200)

    press_continue(page)

    assert_no_sideways_scroll(page)
    page.locator("[name=choice-0-ticket][value=guest]").check()

    press_continue(page)

    assert_no_sideways_scroll(page)

    fill_billing(page)
    press_continue(page)

    assert_no_sideways_scroll(page)
    assert Registration.objects.get().first_name == "W" * 300


def test_mistyped_address_is_corrected_with_a_click(browser_page: Page, prefix: str, congress: Event):
    page = browser_page
    page.goto(f"{prefix}/events/congress/register/")

    fill_person(page, email="zoe@gmial.com")
    page.locator("[name=person-0-company]").focus()
    expect(page.locator("[data-address-hint=person-0-email]")).to_contain_text("zoe@gmail.com")
    check_page(page)
    page.locator("[name=correct_address]").click()

    expect(page.locator("[name=person-0-email]")).to_have_value("zoe@gmail.com")
    expect(page.locator("[name=correct_address]")).to_have_count(0)


def test_mistyped_address_is_corrected_without_script(no_javascript: Page, prefix: str, congress: Event):
    page = no_javascript
    page.goto(f"{prefix}/events/congress/register/")
    fill_person(page, email="zoe@gmial.com")
    press_continue(page)
    page.locator("[name=choice-0-ticket][value=guest]").check()
    press_continue(page)

    page.locator("[name=correct_address]").click()

    expect(page.locator("main")).to_contain_text("zoe@gmail.com")
    expect(page.locator("main")).not_to_contain_text("zoe@gmial.com")
