"""People who become a company's contact or get a role of the club learn of it by e-mail."""

import datetime

import pytest
from django.utils import timezone

from convention.club.appointments.contacts import appoint_contact_by_email, dismiss_contact
from convention.club.change_employer import hand_over_company
from convention.club.governance.club_roles import give_club_role
from convention.club.models import Employment
from tests.factories import START_OF_2020, make_administrator, make_company, make_contact, make_person
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db
EMAIL = "ana@firm.example"


@pytest.fixture
def ana():
    return make_person(email=EMAIL, first_name="Ana", language="en")


def test_new_contact_gets_a_mail_with_the_way_to_my_company(ana, run_tasks, mailoutbox):
    company = make_company(name="Nimbus Cloud")

    appoint_contact_by_email(company=company, email=EMAIL)
    run_tasks()

    assert [mail.to for mail in mailoutbox] == [[EMAIL]]
    assert mailoutbox[0].subject == "You are now a contact of Nimbus Cloud"
    assert "/en/company/" in mailoutbox[0].body
    assert EMAIL in mailoutbox[0].body


def test_present_contact_who_is_appointed_again_gets_no_second_mail(ana, run_tasks, mailoutbox):
    company = make_company()

    for _number in range(2):
        appoint_contact_by_email(company=company, email=EMAIL)
    run_tasks()

    assert len(mailoutbox) == 1


def test_contact_dismissed_before_the_mail_goes_gets_none(ana, run_tasks, mailoutbox):
    contact = appoint_contact_by_email(company=make_company(), email=EMAIL)

    dismiss_contact(contact=contact)
    run_tasks()

    assert mailoutbox == []


def test_mail_to_a_later_contact_names_the_first_day(ana, run_tasks, mailoutbox):
    first_day = timezone.localdate() + datetime.timedelta(days=30)

    appoint_contact_by_email(company=make_company(), email=EMAIL, starts_on=first_day)
    run_tasks()

    assert "Your access begins on" in mailoutbox[0].body


def test_successor_of_a_contact_gets_the_mail(ana, run_tasks, mailoutbox):
    company = make_company()
    contact = make_contact(company)
    for person in {contact, ana}:
        Employment.objects.get_or_create(
            person=person, company=company, defaults={"starts_on": START_OF_2020}
        )

    hand_over_company(person=contact, company=company, on=timezone.localdate(), company_successor=ana)
    run_tasks()

    assert [mail.to for mail in mailoutbox] == [[EMAIL]]


@pytest.mark.parametrize(
    ("role", "path"),
    [
        ("secretary", "/en/organize/season/"),
        ("treasurer", "/en/organize/money/"),
        ("organizer", "/en/organize/"),
    ],
)
def test_new_holder_of_a_club_role_gets_a_mail_with_the_first_page(ana, run_tasks, mailoutbox, role, path):
    give_club_role(email=EMAIL, role=role, starts_on=timezone.localdate())
    run_tasks()

    assert [mail.to for mail in mailoutbox] == [[EMAIL]]
    assert role in mailoutbox[0].subject
    assert f"{path}\n" in f"{mailoutbox[0].body}\n"


@pytest.mark.parametrize(
    ("role", "sentence"),
    [
        ("secretary", "You plan the season of site visits, keep the directory up to date"),
        (
            "secretary",
            "(companies with their memberships and contacts, people with their employers and seats,",
        ),
        ("treasurer", "You manage the invoices, payments and accounting."),
        ("organizer", "You can create events and run all of the club’s events."),
        ("administrator", "You can change everything: the directory,"),
    ],
)
def test_mail_says_in_a_sentence_what_the_role_allows(ana, run_tasks, mailoutbox, role, sentence):
    give_club_role(email=EMAIL, role=role, starts_on=timezone.localdate())
    run_tasks()

    assert sentence in " ".join(mailoutbox[0].body.split())


def test_page_of_the_roles_names_what_the_secretary_manages():
    client = make_client(make_administrator())

    page = client.get("/en/organize/club/roles/")

    assert "the directory with its memberships, seats, contacts and working groups" in page.text
