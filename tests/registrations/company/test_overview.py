"""The company's overview: what it says of the membership's passes."""

import pytest

from convention.club.models import Membership
from tests.registrations.company.factories import make_desk

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def test_overview_says_that_no_ticket_takes_a_pass():
    desk = make_desk()
    Membership.objects.update(passes=2)

    page = " ".join(desk.client.get(f"/en{desk.at}/").text.split())

    assert f"{desk.event.title}: no ticket on sale can be paid for with a pass." in page
