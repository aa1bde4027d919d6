"""The page of a colleague's registration in the company area."""

import pytest
from lxml import html

from registrations.models import Registration
from tests.registrations.company.factories import make_desk, make_row, order_rows

pytestmark = pytest.mark.django_db


def read_page(desk, registration):
    return html.fromstring(desk.client.get(f"/en{desk.at}/registrations/{registration.reference}/").content)


def read_facts(desk, registration) -> dict[str, str]:
    """Return the facts of the registration's page in English, label by label."""
    rows = read_page(desk, registration).xpath("//main//dl[contains(@class, 'facts')]/div")
    return {row.xpath("normalize-space(dt)"): row.xpath("normalize-space(dd)") for row in rows}


def test_colleague_who_got_a_place_is_being_e_mailed():
    desk = make_desk()
    order_rows(desk, make_row("Alpha", "z@x.fr"))
    registration = Registration.objects.get()
    substitute = {"first_name": "Léo", "last_name": "Roi", "email": "leo@x.fr"}

    desk.client.post(f"{desk.at}/registrations/{registration.reference}/", substitute)

    page = read_page(desk, registration)
    listing = html.fromstring(desk.client.get(f"/en{desk.at}/registrations/").content)
    assert read_facts(desk, registration)["Details"] == "e-mail being sent"
    assert page.xpath("normalize-space(//form[contains(@action, '/invite/')])") == "Send the link again"
    assert listing.xpath("normalize-space(//td[@data-label='Details'])") == "e-mail being sent"
