"""The pages on which the secretary gives and moves seats, while a membership is not active."""

import datetime

import pytest
from django.utils import timezone, translation
from lxml import html

from convention.club.memberships import renew_membership
from convention.club.models import ClubRole, Employment, Plan, Seat
from convention.text.dates import format_date
from tests.factories import START_OF_2020, make_company, make_member, make_membership, make_person
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


@pytest.fixture
def renewed_seats():
    """The seats of one member, current and in the draft of the next membership."""
    member, today = make_member(), timezone.localdate()
    company = member.seats.get().membership.company
    company.memberships.update(ends_on=today + datetime.timedelta(days=9))
    renewal = renew_membership(membership=company.memberships.get(), plan=Plan.objects.get(), ends_on=None)
    return member.seats.exclude(membership=renewal).get(), member.seats.get(membership=renewal)


def format_in_english(day):
    with translation.override("en"):
        return format_date(day)


def read_seat_rows(client, company):
    """Return the text and the links of each row of the company's seats."""
    root = html.fromstring(client.get(get_page(company)).text)
    rows = root.xpath("//section[h2='Seats']//tbody/tr")
    return [(row.text_content(), row.xpath(".//a/@href")) for row in rows]


def test_holder_of_a_renewed_seat_has_one_row(secretary, renewed_seats):
    current, later = renewed_seats

    [(text, links)] = read_seat_rows(secretary, current.membership.company)

    assert f"then from {format_in_english(later.starts_on)} (draft)" in text
    assert f"{get_page(current.membership.company)}seats/take/{current.pk}/" in links


def test_confirmed_renewal_is_no_draft(secretary, renewed_seats):
    current, later = renewed_seats
    later.membership.confirmed_on = timezone.localdate()
    later.membership.save()

    [(text, _links)] = read_seat_rows(secretary, current.membership.company)

    assert f"then from {format_in_english(later.starts_on)}" in text
    assert "(draft)" not in text


def test_seat_of_the_draft_remains_in_view_once_the_current_one_is_ended(secretary, renewed_seats):
    current, later = renewed_seats
    company = current.membership.company

    question = secretary.get(f"{get_page(company)}seats/take/{current.pk}/").text
    secretary.post(f"{get_page(company)}seats/take/{current.pk}/")

    (text, links), _ended = read_seat_rows(secretary, company)
    assert f"has from {format_in_english(later.starts_on)} stays. End it separately" in question
    assert "draft" in text
    assert f"{get_page(company)}seats/take/{later.pk}/" in links


def test_ended_seats_follow_the_current_ones(secretary):
    member = make_member(last_name="Now")
    former = make_member(company := member.seats.get().membership.company, last_name="Before")
    former.seats.update(ends_on=START_OF_2020)

    rows = read_seat_rows(secretary, company)

    assert ["Now" in rows[0][0], "Before" in rows[1][0]] == [True, True]


def test_page_of_a_person_calls_the_seat_of_a_draft_so(secretary, renewed_seats):
    current, _later = renewed_seats

    page = html.fromstring(secretary.get(f"/en/organize/club/people/{current.person_id}/").text)

    [tag] = page.xpath("//section[h2='Seats']//span[contains(@class, 'tag')]/text()")
    assert tag == "draft"


def test_only_a_later_first_day_is_upcoming(renewed_seats):
    current, later = renewed_seats

    assert not current.is_upcoming
    assert later.is_upcoming


def test_company_without_a_role_is_a_member_through_its_membership(secretary):
    company = make_company(role=None)
    make_membership(company)

    page = secretary.get(get_page(company)).text

    assert "Member through its current membership." in page
    assert "The company has no roles yet." not in page


@pytest.mark.parametrize("role", ["member", None])
def test_membership_is_not_named_beside_the_role_or_before_it_counts(secretary, role):
    company = make_company(role=role)
    if not role:
        make_membership(company, confirmed_on=None)

    page = secretary.get(get_page(company)).text

    assert "Member through its current membership." not in page
