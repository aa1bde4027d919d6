"""Test the hint on a mistyped e-mail address in the forms of the desk."""

import pytest

from tests.factories import make_event, make_registration, make_staff, make_ticket

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.mark.parametrize("page", ["walk-in", "guests/{}/correct", "guests/{}/substitute"])
@pytest.mark.parametrize("audience", ["public", "member"])
def test_forms_with_an_address_hold_the_hint(client, page, audience):
    event = make_event(slug="x")
    client.force_login(make_staff(event, "desk"))
    guest = make_registration(make_ticket(event, audience=audience), first_name="Zoé")

    form = client.get(f"/en/desk/x/{page.format(guest.reference)}/").text

    assert form.count('<div role="status" data-address-hint>') == 1
    assert "Did you mean <strong></strong>?" in form
    assert 'id="mail-domains"' in form
