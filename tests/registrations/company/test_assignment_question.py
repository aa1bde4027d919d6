"""A contact is asked before a place is given to somebody with another place, or with a cheaper ticket."""

import pytest
from lxml import html

from registrations.models import Registration, Ticket
from tests.factories import make_registration, make_ticket
from tests.registrations.company.factories import make_desk, make_row, order_rows

pytestmark = pytest.mark.django_db


def get_place_path(desk, registration) -> str:
    return f"/en{desk.at}/registrations/{registration.reference}/"


def read_question(page) -> str:
    """Return the question of the page, "" for none."""
    return html.fromstring(page.content).xpath("normalize-space(//main//div[contains(@class, 'warning')])")


def read_answer(page) -> str:
    [answer] = html.fromstring(page.content).xpath("//main//button[@name='answer']/@value")
    return answer


@pytest.fixture
def desk():
    return make_desk()


@pytest.fixture
def place(desk):
    """Return a place that costs €300."""
    order_rows(desk, make_row("Alpha", "z@x.fr"))
    return Registration.objects.get(last_name="Alpha")


@pytest.fixture
def colleague(desk):
    """Return what is typed for a colleague who has a place with another ticket."""
    vendor = make_ticket(desk.event, slug="vendor", name="Fournisseur", price=9_000)
    person = {"first_name": "Léo", "last_name": "Roi", "email": "leo@x.fr"}
    make_registration(vendor, member_of=desk.company, **person)
    return person


def test_second_place_is_not_given_before_the_question_is_answered(desk, place, colleague):
    page = desk.client.post(get_place_path(desk, place), colleague)

    question = read_question(page)
    assert "Léo Roi already has a place at this event" in question
    assert "Fournisseur: confirmed" in question
    assert "This second place is charged too: €300." in question
    place.refresh_from_db()
    assert place.last_name == "Alpha"


def test_second_place_is_given_after_the_question_is_answered(desk, place, colleague):
    path = get_place_path(desk, place)
    answer = read_answer(desk.client.post(path, colleague))

    response = desk.client.post(path, {**colleague, "answer": answer})

    assert response.status_code == 302
    place.refresh_from_db()
    assert place.last_name == "Roi"


def test_name_to_follow_of_somebody_with_a_place_is_asked_too(desk, colleague):
    order_rows(desk, {"email": "", "ticket": "guest", "is_to_follow": "on"})
    unnamed = Registration.objects.get(ticket__slug="guest")

    page = desk.client.post(get_place_path(desk, unnamed), {**colleague, "email": ""})

    assert "Léo Roi already has a place at this event" in read_question(page)
    assert "Save the name anyway" in read_question(page)


def test_answer_does_not_count_for_another_person(desk, place, colleague):
    path = get_place_path(desk, place)
    answer = read_answer(desk.client.post(path, colleague))
    vendor = Ticket.objects.get(slug="vendor")
    other = {"first_name": "Eve", "last_name": "Neuf", "email": "eve@x.fr"}
    make_registration(vendor, member_of=desk.company, **other)

    page = desk.client.post(path, {**other, "answer": answer})

    assert "Eve Neuf already has a place at this event" in read_question(page)


def test_correction_to_somebody_with_a_place_is_asked(desk, place, colleague):
    path = f"{get_place_path(desk, place)}correct/"

    page = desk.client.post(path, colleague)

    question = read_question(page)
    assert "Léo Roi already has a place at this event" in question
    assert "Give the place anyway" in question
    place.refresh_from_db()
    assert place.last_name == "Alpha"


def test_correction_gives_the_place_after_the_question_is_answered(desk, place, colleague):
    path = f"{get_place_path(desk, place)}correct/"
    answer = read_answer(desk.client.post(path, colleague))

    response = desk.client.post(path, {**colleague, "answer": answer})

    assert response.status_code == 302
    place.refresh_from_db()
    assert place.last_name == "Roi"


def test_correction_of_the_same_person_is_not_asked(desk, place, colleague):
    namesake = {"first_name": "Zoé", "last_name": "Alfa", "email": place.email}
    vendor = Ticket.objects.get(slug="vendor")
    make_registration(vendor, member_of=desk.company, **{**namesake, "email": ""})

    response = desk.client.post(f"{get_place_path(desk, place)}correct/", namesake)

    assert response.status_code == 302


def test_person_without_another_place_is_not_asked(desk, place):
    person = {"first_name": "Léo", "last_name": "Roi", "email": "leo@x.fr"}

    response = desk.client.post(get_place_path(desk, place), person)

    assert response.status_code == 302


def test_place_of_a_stranger_is_not_revealed(desk, place):
    person = {"first_name": "Léo", "last_name": "Roi", "email": "leo@x.fr"}
    make_registration(make_ticket(desk.event, slug="vendor"), **person)

    response = desk.client.post(get_place_path(desk, place), person)

    assert response.status_code == 302


def test_colleague_with_a_seat_and_a_cheaper_ticket_is_asked(desk, place):
    desk.event.tickets.filter(slug="member").update(price=0)
    person = {"first_name": "Ana", "last_name": "Silva", "email": desk.colleague.email}

    page = desk.client.post(get_place_path(desk, place), person)

    assert "Ana Silva has a seat: the ticket “Adhérent” is free. This place costs €300." in read_question(
        page
    )


def test_colleague_with_a_seat_gets_the_place_after_the_question(desk, place):
    person = {"first_name": "Ana", "last_name": "Silva", "email": desk.colleague.email}
    path = get_place_path(desk, place)
    answer = read_answer(desk.client.post(path, person))

    desk.client.post(path, {**person, "answer": answer})

    place.refresh_from_db()
    assert place.last_name == "Silva"


def test_free_place_is_given_to_a_colleague_with_a_seat_without_a_question(desk):
    desk.event.tickets.filter(slug="guest").update(price=0)
    order_rows(desk, make_row("Alpha", "z@x.fr"))
    person = {"first_name": "Ana", "last_name": "Silva", "email": desk.colleague.email}

    response = desk.client.post(get_place_path(desk, Registration.objects.get()), person)

    assert response.status_code == 302
