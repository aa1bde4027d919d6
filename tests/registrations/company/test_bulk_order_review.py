"""The last page of a company's order: who gets which e-mail."""

import pytest
from lxml import html

from tests.registrations.company.factories import make_desk, make_posted_rows, make_row

pytestmark = pytest.mark.django_db


def test_review_says_that_colleagues_get_a_link_to_badge_and_programme():
    desk = make_desk()
    rows = make_posted_rows(make_row("Alpha", "z@x.fr"), check="1")
    desk.client.post(f"/en{desk.many}", rows)

    page = desk.client.get(f"/en{desk.many}check/")

    text = " ".join(html.fromstring(page.text).text_content().split())
    assert (
        "each colleague with an e-mail address also receives a personal link, without any amount: there they "
        "complete their details and find their badge and programme." in text
    )
