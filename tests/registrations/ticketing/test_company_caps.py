"""Places per company of a ticket, compared with its places."""

import pytest
from django.utils import translation

from registrations.ticketing.forms import TicketForm
from tests.factories import make_event

pytestmark = pytest.mark.django_db


def test_more_places_per_company_than_places_are_refused():
    form = TicketForm({"capacity": "10", "company_cap": "11"}, event=make_event())

    with translation.override("en"):
        sentences = [str(sentence) for sentence in form.errors["company_cap"]]

    assert sentences == ["This is more than the number of places."]


@pytest.mark.parametrize("capacity", ["11", "12", "", "0"])
def test_places_per_company_within_limit_or_without_one_are_accepted(capacity):
    form = TicketForm({"capacity": capacity, "company_cap": "11"}, event=make_event())

    assert "company_cap" not in form.errors
