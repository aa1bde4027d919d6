"""Seats that a contact gives and ends: the e-mail to the holder, and the places that stay."""

import datetime

import pytest
from django.utils import timezone

from convention.club.models import Employment, Membership, Person
from registrations.models import Registration
from tests.factories import make_administrator, make_registration
from tests.registrations.company.factories import make_desk, make_row, order_rows

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def desk():
    desk = make_desk()
    Membership.objects.update(seats=5)
    Person.objects.update(language="en")
    return desk


def get_seat_mail(mailoutbox, address: str):
    [mail] = [mail for mail in mailoutbox if mail.to == [address]]
    return mail


def test_colleague_with_new_seat_reads_what_it_gives_and_how_to_sign_in(desk, run_tasks, mailoutbox):
    desk.client.post(f"{desk.at}/seats/give/{desk.without_seat.employments.get().pk}/")
    run_tasks()

    mail = get_seat_mail(mailoutbox, desk.without_seat.email)
    assert mail.subject == f"You are now a member through {desk.company.name}"
    text = " ".join(mail.body.split())
    assert "members’ price" in text
    # Members have no page where they could join a group.
    assert "working groups" not in text
    assert "/accounts/login/" in mail.body


def test_added_colleague_gets_the_email_too(desk, run_tasks, mailoutbox):
    typed = {"first_name": "Eve", "last_name": "Neuf", "email": "eve@x.fr", "title": ""}
    desk.client.post(f"{desk.at}/seats/", typed)
    run_tasks()

    assert desk.company.name in get_seat_mail(mailoutbox, "eve@x.fr").subject


def test_seat_given_by_administrator_is_announced(client, desk, run_tasks, mailoutbox):
    client.force_login(make_administrator())
    employment = Employment.objects.get(person=desk.without_seat)
    client.post(f"/organize/club/companies/{desk.company.slug}/seats/give/{employment.pk}/")
    run_tasks()

    assert get_seat_mail(mailoutbox, desk.without_seat.email)


def test_seat_that_begins_later_names_the_day(desk, run_tasks, mailoutbox):
    day = timezone.localdate() + datetime.timedelta(days=10)
    employment = desk.without_seat.employments.get()
    desk.client.post(f"{desk.at}/seats/give/{employment.pk}/", {"day": day.isoformat()})
    run_tasks()

    assert str(day.year) in get_seat_mail(mailoutbox, desk.without_seat.email).body


def test_ended_seat_is_not_announced(desk, run_tasks, mailoutbox):
    desk.client.post(f"{desk.at}/seats/give/{desk.without_seat.employments.get().pk}/")
    desk.client.post(f"{desk.at}/seats/take/{desk.without_seat.seats.get().pk}/")
    run_tasks()

    assert mailoutbox == []


def test_seats_page_links_places_that_outlast_the_seat(desk):
    order_rows(desk, make_row("Silva", desk.colleague.email, "member"))
    place = Registration.objects.get()

    page = desk.client.get(f"/en{desk.at}/seats/").text

    assert "Ending the seat does not cancel these places." in page
    assert f"{desk.at}/registrations/{place.reference}/" in page


def test_place_registered_by_the_person_is_named_without_a_link(desk):
    ticket = desk.event.tickets.get(slug="member")
    place = make_registration(ticket, person=desk.colleague, member_of=desk.company)

    page = desk.client.get(f"/en{desk.at}/seats/").text

    assert "registered by the person" in page
    assert place.reference not in page


def test_seats_page_warns_of_nothing_without_places(desk):
    assert "Ending the seat does not cancel" not in desk.client.get(f"/en{desk.at}/seats/").text


def test_full_membership_is_named_on_the_page_of_the_seats(desk):
    Membership.objects.update(seats=2)
    path = f"/en{desk.at}/seats/give/{desk.without_seat.employments.get().pk}/"

    response = desk.client.post(path, follow=True)

    assert response.request["PATH_INFO"] == f"/en{desk.at}/seats/"
    assert "All 2 seats of this membership are in use." in response.text
