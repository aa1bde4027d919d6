"""Before another option of VAT is saved, the issuer's page says what changes for money received already."""

import datetime

import pytest
from lxml import html

from registrations.invoices.accounting.close_period import close_period
from registrations.invoices.accounting.vat_option import compute_vat_option_effect
from registrations.invoices.models import Issuer
from tests.registrations.invoices.test_closed_entries import (
    FIRST_OF_APRIL,
    LAST_OF_MARCH,
    change_issuer,
    compute_vat,
    pay_owed,
)

pytestmark = [pytest.mark.django_db, pytest.mark.once]

PATH = "/en/organize/money/issuer/"
MARCH = datetime.date(2026, 3, 10)


def post_option(client, option: str, **fields: str):
    [form] = html.fromstring(client.get(PATH).content).xpath("//form[.//select[@name='vat_due']]")
    return client.post(PATH, {**dict(form.form_values()), "vat_due": option, **fields})


def test_another_option_is_saved_at_once_if_nothing_changes(treasurer, issuer):
    post_option(treasurer, "debits")

    assert Issuer.get_current().vat_due == "debits"


def test_another_option_is_not_saved_before_it_is_confirmed(treasurer, issuer):
    pay_owed(MARCH)

    page = post_option(treasurer, "debits")

    assert "VAT of March 2026: €20.00 less." in page.text
    assert Issuer.get_current().vat_due == "collection"


def test_confirmed_option_is_saved(treasurer, issuer):
    pay_owed(MARCH)

    post_option(treasurer, "debits", confirmed_vat_due="debits")

    assert Issuer.get_current().vat_due == "debits"


def test_confirmation_of_one_option_does_not_confirm_the_other(treasurer, issuer):
    change_issuer(vat_due="debits")
    pay_owed(MARCH)

    post_option(treasurer, "collection", confirmed_vat_due="debits")

    assert Issuer.get_current().vat_due == "debits"


def test_page_names_the_adjustment_of_the_closed_period(treasurer, issuer):
    pay_owed(MARCH)
    close_period(last_day=LAST_OF_MARCH)

    page = post_option(treasurer, "debits")

    text = " ".join(html.fromstring(page.text).text_content().split())
    assert "Closed period, until 31 March 2026: VAT of €20.00 is no longer due." in text
    assert "as an adjustment on 1 April 2026" in text


@pytest.mark.parametrize(("options", "cents"), [
    (("collection", "debits"), -2_000), (("debits", "collection"), 2_000),
])  # fmt: skip
def test_effect_on_the_closed_period_is_the_adjustment_that_is_booked(issuer, options, cents):
    change_issuer(vat_due=options[0])
    pay_owed(MARCH)
    close_period(last_day=LAST_OF_MARCH)

    effect = compute_vat_option_effect(Issuer.get_current(), vat_due=options[1])

    change_issuer(vat_due=options[1])
    assert effect.closed_cents == cents
    assert compute_vat(FIRST_OF_APRIL, FIRST_OF_APRIL) == cents


def test_other_settings_are_saved_without_a_question(treasurer, issuer):
    pay_owed(MARCH)

    post_option(treasurer, "collection", legal_name="Club X")

    assert Issuer.get_current().legal_name == "Club X"
