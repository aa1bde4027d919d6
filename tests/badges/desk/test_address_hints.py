"""Test the hint on a mistyped e-mail address in the forms of the desk."""

import pytest

from tests.factories import make_event, make_registration, make_staff, make_ticket

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def zoe(client):
    event = make_event(slug="x")
    client.force_login(make_staff(event, "desk"))
    return make_registration(make_ticket(event), first_name="Zoé")


def test_mistyped_address_gets_a_hint(zoe, client):
    hint = client.post("/en/desk/x/address-hint/", {"email": "zoe@gmial.com"}).text

    assert "Did you mean <strong>zoe@gmail.com</strong>?" in hint
    assert 'value="zoe@gmail.com"' in hint


@pytest.mark.parametrize("address", ["zoe@gmail.com", "zoe@port.example", ""])
def test_other_address_gets_no_hint(zoe, client, address):
    hint = client.post("/en/desk/x/address-hint/", {"email": address}).text

    assert hint.strip() == ""


@pytest.mark.parametrize("page", ["walk-in", "guests/{}/correct", "guests/{}/substitute"])
def test_forms_with_an_address_ask_for_the_hint(zoe, client, page):
    form = client.get(f"/en/desk/x/{page.format(zoe.reference)}/").text

    assert 'data-hint-url="/en/desk/x/address-hint/"' in form
