"""Seats and roles end only after a question that says what follows."""

import datetime

import pytest
from django.utils import timezone
from lxml import html

from convention.club.models import ClubRole, CompanyContact, CompanyRole
from convention.club.permissions import get_member_company
from tests.factories import (
    START_OF_2020,
    make_administrator,
    make_company,
    make_contact,
    make_member,
    make_person,
    make_registration,
)
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db
AT = "/en/organize/club/"


@pytest.fixture
def client():
    return make_client(make_administrator())


def ask(client, page, label):
    """Follow the page's link with this label, and return the question's page as an HTML tree."""
    tree = html.fromstring(client.get(page).text)
    [link] = [link for link in tree.xpath("//main//a") if link.text == label]
    return read(client, link.get("href"))


def read(client, path):
    return html.fromstring(client.get(path).text)


def read_text(tree):
    return " ".join(tree.xpath("//main")[0].text_content().split())


def confirm(client, path, question):
    """Post the question's form to its own address."""
    [form] = question.xpath("//main//form")
    return client.post(path, {field.name: field.value for field in form.xpath(".//input[@type='hidden']")})


@pytest.mark.parametrize("from_person", [True, False])
def test_seat_ends_after_a_question_on_either_page(client, from_person):
    member = make_member(first_name="Zoé", last_name="Roi")
    company = member.employments.get().company
    page = f"{AT}people/{member.pk}/" if from_person else f"{AT}companies/{company.slug}/"

    question = ask(client, page, "End the seat")
    company_meanwhile = get_member_company(member)
    answer = confirm(client, f"{AT}companies/{company.slug}/seats/take/{member.seats.get().pk}/", question)

    assert "End the seat of Zoé Roi?" in read_text(question)
    assert company_meanwhile == company
    assert get_member_company(member) is None
    assert answer["Location"] == page


def test_question_about_a_seat_names_the_bookings_that_stay(client):
    member = make_member()
    registration = make_registration(person=member)
    seat = member.seats.get()

    text = read_text(read(client, f"{AT}companies/{seat.membership.company.slug}/seats/take/{seat.pk}/"))

    assert "Visits and registrations" in text
    assert registration.event.title in text


def test_role_of_a_contact_ends_after_a_question(client):
    contact = make_contact(make_company(role=None), first_name="Zoé", last_name="Roi")
    company = contact.employments.get().company

    question = ask(client, f"{AT}companies/{company.slug}/", "End the role")
    is_contact_meanwhile = CompanyContact.objects.open().exists()
    confirm(
        client, f"{AT}companies/{company.slug}/contacts/{contact.company_contacts.get().pk}/end/", question
    )

    assert "End the role of Zoé Roi as a contact?" in read_text(question)
    assert f"{company} has no other contact." in read_text(question)
    assert is_contact_meanwhile
    assert not CompanyContact.objects.open().exists()


def test_question_about_one_of_two_contacts_warns_of_nothing(client):
    company = make_company()
    contact = make_contact(company)
    make_contact(company)

    path = f"{AT}companies/{company.slug}/contacts/{contact.company_contacts.get().pk}/end/"

    assert "has no other contact" not in read_text(read(client, path))


def test_role_of_a_company_ends_after_a_question(client):
    company = make_company(name="Nimbus", role="vendor")

    question = ask(client, f"{AT}companies/{company.slug}/", "End the role")
    has_role_meanwhile = CompanyRole.objects.open().exists()
    confirm(client, f"{AT}companies/{company.slug}/roles/{company.roles.get().pk}/end/", question)

    assert "Nimbus can no longer host new visits." in read_text(question)
    assert has_role_meanwhile
    assert not CompanyRole.objects.open().exists()


def test_role_of_the_club_ends_after_a_question(client):
    person = make_person(first_name="Zoé", last_name="Roi")
    role = ClubRole.objects.create(person=person, role="treasurer", starts_on=START_OF_2020)

    question = ask(client, f"{AT}roles/", "End the role")
    is_treasurer_meanwhile = ClubRole.objects.open().filter(role="treasurer").exists()
    confirm(client, f"{AT}roles/{role.pk}/end/", question)

    assert "End the role of Zoé Roi (treasurer)?" in read_text(question)
    assert "API tokens are revoked" in read_text(question)
    assert is_treasurer_meanwhile
    assert not ClubRole.objects.open().filter(role="treasurer").exists()


def test_question_about_a_later_role_says_that_it_has_not_started(client):
    tomorrow = timezone.localdate() + datetime.timedelta(days=1)
    role = ClubRole.objects.create(person=make_person(), role="treasurer", starts_on=tomorrow)

    text = read_text(read(client, f"{AT}roles/{role.pk}/end/"))

    assert "The role has not started yet." in text
    assert "API tokens" not in text
