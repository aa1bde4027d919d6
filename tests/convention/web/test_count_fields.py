"""Number fields of places and positions refuse what no event needs, in a sentence with a readable number."""

import pytest

from convention.events.rooms.forms import RoomForm
from registrations.sponsors.forms import PackageForm
from registrations.ticketing.forms import AddonForm, QuotaForm, TicketForm
from schedule.editing.forms import SessionForm
from tests.factories import make_event

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("form_class", [TicketForm, AddonForm, PackageForm, QuotaForm, SessionForm])
def test_capacity_of_event_form_has_readable_limit(form_class):
    form = form_class({"capacity": "99999999999999"}, event=make_event())

    assert form.errors["capacity"] == ["Indiquez 1\xa0000\xa0000 au maximum."]


@pytest.mark.parametrize("field", ["capacity", "position"])
def test_numbers_of_room_have_readable_limit(field):
    form = RoomForm({"name": "Salle", field: "99999999999999"})

    assert form.errors[field] == ["Indiquez 1\xa0000\xa0000 au maximum."]


def test_company_cap_and_position_of_ticket_have_same_limit():
    form = TicketForm({"company_cap": "1000001", "position": "1000000"}, event=make_event())

    assert "company_cap" in form.errors
    assert "position" not in form.errors
