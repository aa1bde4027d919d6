"""Change the answers of a registration in a browser, with a question that an answer leads to."""

import re

import pytest
from playwright.sync_api import Page, expect

from registrations.models import Question, Registration
from tests.factories import make_event, make_question, make_registration, make_ticket
from tests.journeys.browsing import assert_accessible, assert_no_sideways_scroll

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]


@pytest.fixture
def registration(site: str) -> Registration:
    event = make_event(slug="congress")
    ticket = make_ticket(event, slug="guest", capacity=50)
    diet = make_question(event, "diet", ["allergy", "vegan"], kind=Question.Kind.DIET)
    make_question(event, "which", shown_after_option=diet.options.get(slug="allergy"), is_required=True)
    return make_registration(ticket)


@pytest.mark.parametrize("screen", ["phone"], indirect=True)
def test_ticked_answer_reveals_its_question_on_page_of_registration(
    browser_page: Page, prefix: str, registration: Registration
):
    page = browser_page
    page.goto(f"{prefix}{registration.order.manage_path}{registration.reference}/answers/")
    expect(page.locator("[name=which]")).to_have_count(0)

    page.locator("[name=diet][value=allergy]").check()

    expect(page.locator("[name=which]")).to_be_visible()
    expect(page.locator("[name=diet][value=allergy]")).to_be_checked()
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    registration.refresh_from_db()
    assert registration.answers == {}

    page.locator("[name=which]").fill("Noix")
    page.locator("main form button.button").click()

    expect(page).to_have_url(re.compile(rf"{registration.order.reference}/[^/]+/$"))
    registration.refresh_from_db()
    assert registration.answers == {"diet": ["allergy"], "which": "Noix"}
