"""A person is added with employer and seat in one form."""

import pytest
from django.core import mail
from lxml import html

from convention.club.models import Employment, Person
from tests.factories import START_OF_2020, make_administrator, make_company
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db
NEW = "/en/organize/club/people/new/"
FIELDS = {"first_name": "Zoé", "last_name": "Martin", "email": "zoe@firm.example", "language": "en"}


@pytest.fixture
def client():
    return make_client(make_administrator())


@pytest.fixture
def company():
    return make_company(name="Banque Rose")


def add_person(client, **fields):
    return client.post(NEW, FIELDS | fields, follow=True).text


def test_person_is_added_with_the_job(client, company):
    page = add_person(
        client, company=company.pk, starts_on=START_OF_2020.isoformat(), title="Ops", level="manager"
    )

    job = Employment.objects.get(person__email="zoe@firm.example")
    assert (job.company, job.starts_on, job.title, job.level) == (company, START_OF_2020, "Ops", "manager")
    assert "Person added." in page
    assert "Next: add their employer" not in page


def test_person_without_an_employer_is_added_as_before(client):
    page = add_person(client)

    assert "Person added. Next: add their employer." in page
    assert not Employment.objects.filter(person__email="zoe@firm.example").exists()


def test_free_seat_is_given_and_mailed(client, company, run_tasks):
    page = add_person(client, company=company.pk, gives_seat="on")
    run_tasks()

    seat = Person.objects.get(email="zoe@firm.example").seats.get()
    assert seat.membership.company == company
    assert "Zoé Martin now has a seat." in page
    assert [message.to for message in mail.outbox] == [["zoe@firm.example"]]


def test_no_seat_is_given_unasked(client, company):
    add_person(client, company=company.pk)

    assert not Person.objects.get(email="zoe@firm.example").seats.exists()


def test_person_is_added_where_no_seat_is_free(client, company):
    company.memberships.update(seats=0)

    page = add_person(client, company=company.pk, gives_seat="on")

    assert "Zoé Martin has no seat yet: Banque Rose cannot give one today." in page
    assert Employment.objects.filter(person__email="zoe@firm.example", company=company).exists()


@pytest.mark.parametrize("fields", [{"title": "Ops"}, {"gives_seat": "on"}])
def test_job_needs_its_company(client, fields):
    page = add_person(client, **fields)

    assert "Choose the company of this job." in page
    assert not Person.objects.filter(email="zoe@firm.example").exists()


def test_job_at_a_vendor_asks_first(client):
    vendor = make_company(role="vendor", name="Nuage")

    question = html.fromstring(add_person(client, company=vendor.pk))

    assert "Nuage is a vendor." in question.text_content()
    assert question.xpath("//input[@name='accepts_visit_limits']")
    assert not Person.objects.filter(email="zoe@firm.example").exists()


def test_job_at_a_vendor_is_added_once_accepted(client):
    vendor = make_company(role="vendor", name="Nuage")

    add_person(client, company=vendor.pk, accepts_visit_limits="on")

    assert Employment.objects.filter(person__email="zoe@firm.example", company=vendor).exists()


def test_form_opened_from_a_company_names_it(client):
    company = make_company(name="Banque Rose")

    page = html.fromstring(client.get(f"/en/organize/club/people/new/?company={company.slug}").content)

    assert page.xpath("//select[@name='company']/option[@selected]")[0].text.strip() == "Banque Rose"


def test_page_of_a_company_leads_to_a_new_colleague(client):
    company = make_company(name="Banque Rose")

    page = client.get(f"/en/organize/club/companies/{company.slug}/").text

    assert f"/en/organize/club/people/new/?company={company.slug}" in page
