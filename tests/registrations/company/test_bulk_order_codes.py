"""Vouchers and access codes in a company's bulk order, by the rules of the public form."""

import pytest
from lxml import html

from registrations.models import Order, RegistrationDraft, Voucher
from registrations.rate_limits import WRONG_CODES_PER_HOUR
from tests.factories import make_ticket, make_voucher
from tests.registrations.company.factories import make_desk, make_posted_rows, make_row, order_rows

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def read_code_errors(response) -> list[str]:
    return list(response.context["code"].errors.get("code", []))


def test_code_lowers_the_price_of_the_order():
    desk = make_desk()
    make_voucher(desk.event, capacity=2)

    order_rows(desk, make_row("Alpha"), make_row("Beta"), make_row("Gamma"), code="half")

    assert Order.objects.get().total == 15_000 + 15_000 + 30_000
    assert Voucher.objects.get().reserved == 2


def test_applied_code_is_explained_and_lowers_the_total():
    desk = make_desk()
    make_voucher(desk.event)

    response = desk.client.post(
        f"/en{desk.many}", make_posted_rows(make_row("Alpha"), code="HALF", apply="1"), follow=True
    )

    page = html.fromstring(response.text)
    [notice] = page.xpath("id('code')//div[@role='status']")
    assert response.redirect_chain[0][0].endswith("#code")
    assert "The code HALF gives a 50% discount." in notice.text_content()
    assert page.xpath("//*[@data-draft-total]//strong/text()") == ["€150"]


@pytest.mark.parametrize("button", ["apply", "check"])
def test_unknown_code_is_refused_at_its_field(button):
    desk = make_desk()

    response = desk.client.post(
        f"/en{desk.many}", make_posted_rows(make_row("Alpha"), code="NONE", **{button: "1"})
    )

    sentence = "We do not know this code. Check it letter by letter, or continue without it."
    assert read_code_errors(response) == [sentence]
    assert html.fromstring(response.text).xpath("id('error-summary')//a[@href='#id_code']/text()") == [
        sentence
    ]


@pytest.mark.parametrize("button", ["apply", "check"])
def test_code_is_checked_before_any_row_is_filled_in(button):
    desk = make_desk()
    make_voucher(desk.event)

    page = desk.client.post(
        f"/en{desk.many}", make_posted_rows({}, code="HALF", **{button: "1"}), follow=True
    )

    assert page.status_code == 200


def test_code_for_another_company_is_refused():
    desk = make_desk()
    make_voucher(desk.event, for_company="Other company")

    response = desk.client.post(
        f"/en{desk.many}", make_posted_rows(make_row("Alpha"), code="HALF", check="1")
    )

    assert read_code_errors(response) == ["This code is for another company or e-mail address."]


def test_code_for_the_company_is_accepted():
    desk = make_desk()
    make_voucher(desk.event, for_company=desk.company.name)

    order_rows(desk, make_row("Alpha"), code="HALF")

    assert Order.objects.get().total == 15_000


def test_access_code_opens_a_hidden_ticket():
    desk = make_desk()
    hidden = make_ticket(desk.event, slug="jury", name="Jury", price=0, is_public=False)
    make_voucher(desk.event, hidden, code="JURY", kind="access", value=0, capacity=None)
    row = make_row("Alpha", ticket="jury")

    refused = desk.client.post(desk.many, make_posted_rows(row, check="1"))
    order_rows(desk, row, code="JURY")

    assert refused.context["rows"].forms[0].errors["ticket"]
    assert Order.objects.get().registrations.get().ticket == hidden


def test_review_names_a_code_that_changes_nothing():
    desk = make_desk()
    make_voucher(desk.event)
    desk.event.tickets.update(price=0)
    rows = make_posted_rows(make_row("Alpha"), code="HALF", check="1")

    review = desk.client.post(f"/en{desk.many}", rows, follow=True)

    assert "The code HALF does not change the price of this order." in review.text


def test_rows_are_saved_when_too_many_codes_were_guessed(settings):
    settings.RATE_LIMITS = "on"
    desk = make_desk()
    for number in range(WRONG_CODES_PER_HOUR):
        desk.client.post(desk.many, make_posted_rows(make_row("Alpha"), code=f"GUESS{number}", apply="1"))

    refused = desk.client.post(desk.many, make_posted_rows(make_row("Omega"), code="GUESS", apply="1"))

    assert refused.status_code == 429
    assert '"Omega"' in RegistrationDraft.objects.get().content


def test_list_opens_without_the_code_when_too_many_were_guessed(settings):
    settings.RATE_LIMITS = "on"
    desk = make_desk()
    for number in range(WRONG_CODES_PER_HOUR + 1):
        desk.client.post(desk.many, make_posted_rows(make_row("Alpha"), code=f"GUESS{number}", apply="1"))

    page = desk.client.get(desk.many)

    assert page.status_code == 200
    assert page.context["rows"].forms[0]["last_name"].value() == "Alpha"


def test_half_typed_codes_of_the_autosave_are_no_guesses(settings):
    settings.RATE_LIMITS = "on"
    desk = make_desk()
    make_voucher(desk.event)
    for number in range(WRONG_CODES_PER_HOUR + 1):
        typed = make_posted_rows(make_row("Alpha"), code=f"HA{number}")
        desk.client.post(desk.many, typed, headers={"X-Draft": "total"})

    response = desk.client.post(desk.many, make_posted_rows(make_row("Alpha"), code="HALF", apply="1"))

    assert response.status_code == 302
