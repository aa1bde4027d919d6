"""The pages on which the secretary gives and moves seats, while a membership is not active."""

import datetime

import pytest
from django.utils import timezone

from convention.club.models import ClubRole, Employment, Seat
from convention.text.dates import format_date
from tests.factories import START_OF_2020, make_company, make_person
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def secretary():
    person = make_person()
    ClubRole.objects.create(person=person, role="secretary", starts_on=START_OF_2020)
    return make_client(person)


def get_page(company):
    return f"/en/organize/club/companies/{company.slug}/"


def make_job(company):
    return Employment.objects.create(
        person=make_person(language="en"), company=company, starts_on=START_OF_2020
    )


def test_company_with_a_draft_offers_no_seats_and_says_why(secretary):
    company = make_company()
    company.memberships.update(confirmed_on=None)
    make_job(company)

    page = secretary.get(get_page(company)).text

    assert "Seats can be given once the membership is confirmed." in page
    assert "seats/give/" not in page


def test_seat_in_a_draft_is_refused_without_a_mail(secretary, run_tasks, mailoutbox):
    company = make_company()
    company.memberships.update(confirmed_on=None)
    job = make_job(company)

    page = secretary.post(f"{get_page(company)}seats/give/{job.pk}/", follow=True).text
    run_tasks()

    assert "The membership is not confirmed yet. Seats can be given once it is." in page
    assert not Seat.objects.exists()
    assert mailoutbox == []


def test_seat_in_a_later_membership_is_announced_from_its_first_day(secretary, run_tasks, mailoutbox):
    company, first_day = make_company(), timezone.localdate() + datetime.timedelta(days=9)
    company.memberships.update(starts_on=first_day)
    job = make_job(company)

    page = secretary.post(f"{get_page(company)}seats/give/{job.pk}/", follow=True).text
    run_tasks()

    [mail] = mailoutbox
    assert f"{job.person} has a seat from {format_date(first_day)}." in page
    assert mail.subject == f"You will be a member through {company} from {format_date(first_day)}"
    assert mail.subject in mail.body
    assert mail.subject in mail.alternatives[0][0]
