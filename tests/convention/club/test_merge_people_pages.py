"""Pages that merge two records of one person: search, comparison, confirmation and e-mail."""

import datetime

import pytest
from django.core import mail
from django.utils import timezone
from lxml import html

from convention.club.models import ClubRole, Employment, Person, Seat
from convention.club.seats import give_seat
from tests.convention.club.objects import sign_in_once
from tests.factories import (
    START_OF_2020,
    make_administrator,
    make_company,
    make_membership,
    make_person,
    make_registration,
)
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def secretary():
    person = make_person()
    ClubRole.objects.create(person=person, role="secretary", starts_on=START_OF_2020)
    return make_client(person)


@pytest.fixture
def records():
    """Return two records of one person who never signed in."""
    return (
        make_person(email="ana@firm.example", first_name="Ana", last_name="Petit"),
        make_person(email="ana@new.example", first_name="Ana", last_name="Petit"),
    )


def get_path(survivor, duplicate):
    return f"/en/organize/club/people/{survivor.pk}/merge/{duplicate.pk}/"


def test_person_page_leads_to_the_search(secretary, records):
    page = secretary.get(f"/en/organize/club/people/{records[0].pk}/").text

    assert f"/en/organize/club/people/{records[0].pk}/merge/" in page


def test_search_proposes_namesakes_first(secretary, records):
    page = secretary.get(f"/en/organize/club/people/{records[1].pk}/merge/").text

    assert get_path(*records) in page


def test_search_finds_a_record_by_address(secretary, records):
    other = make_person(first_name="Anna", last_name="Roy", email="roy@firm.example")

    page = secretary.get(f"/en/organize/club/people/{records[0].pk}/merge/?q=roy@firm").text

    assert get_path(records[0], other) in page


def test_search_finds_a_closed_account(secretary, records):
    Person.objects.filter(pk=records[1].pk).update(is_active=False)

    page = secretary.get(f"/en/organize/club/people/{records[0].pk}/merge/?q=petit").text

    assert get_path(*records) in page


def test_search_leaves_out_the_person(secretary, records):
    page = secretary.get(f"/en/organize/club/people/{records[0].pk}/merge/?q=ana@firm.example").text

    assert "Nobody matches this search." in page


def test_account_in_use_is_proposed_as_the_record_to_keep(secretary, records):
    sign_in_once(records[1])

    page = secretary.get(f"/en/organize/club/people/{records[0].pk}/merge/").text

    assert get_path(records[1], records[0]) in page


def test_comparison_shows_jobs_and_counts_of_registrations(secretary, records):
    company = make_company(name="Banque Rose")
    Employment.objects.create(person=records[1], company=company, starts_on=START_OF_2020, title="Ops")
    make_registration(person=records[1])

    page = html.fromstring(secretary.get(get_path(*records)).text)

    kept, removed = (section.text_content() for section in page.xpath("//div[@class='columns even']/section"))
    assert "Banque Rose, Ops" in removed
    assert "Registrations1" in removed
    assert "Banque Rose" not in kept


def test_comparison_says_which_jobs_become_one(secretary, records):
    company = make_company(name="Banque Rose")
    for person in records:
        Employment.objects.create(person=person, company=company, starts_on=START_OF_2020)

    page = secretary.get(get_path(*records)).text

    assert "Both have a job at Banque Rose: they become one job." in page


def test_comparison_asks_only_for_values_that_differ(secretary, records):
    page = html.fromstring(secretary.get(get_path(*records)).text)

    assert page.xpath("//form//select/@name") == ["email"]


def test_confirmation_merges_and_opens_the_person(secretary, records):
    answer = secretary.post(get_path(*records), {"email": "other"}, follow=True)

    assert "The records have been merged." in answer.text
    assert answer.redirect_chain[-1][0] == f"/en/organize/club/people/{records[0].pk}/"
    assert Person.objects.get(pk=records[0].pk).email == "ana@new.example"


def test_person_page_shows_both_addresses(secretary, records):
    secretary.post(get_path(*records))

    page = html.fromstring(secretary.get(f"/en/organize/club/people/{records[0].pk}/").text)

    addresses = page.xpath("//main//a[starts-with(@href, 'mailto:')]/text()")
    assert addresses == ["ana@firm.example", "ana@new.example"]


def test_refused_comparison_has_no_button(secretary, records):
    sign_in_once(records[0])

    page = secretary.get(get_path(*records)).text

    assert "Only administrators can merge these records" in page
    assert "What happens" not in page


def test_refused_confirmation_changes_nothing(secretary, records):
    sign_in_once(records[0])

    answer = secretary.post(get_path(*records))

    assert "Only administrators can merge these records" in answer.text
    assert Person.objects.filter(pk=records[1].pk).exists()


def test_forged_field_is_not_copied(secretary, records):
    Person.objects.filter(pk=records[1].pk).update(is_staff=False, language="en")

    secretary.post(get_path(*records), {"photo_consent": "other", "password": "other", "language": "own"})

    assert Person.objects.get(pk=records[0].pk).language == "fr"


def test_second_confirmation_says_that_the_record_is_gone(secretary, records):
    secretary.post(get_path(*records))

    assert secretary.post(get_path(*records)).status_code == 404


def confirm_as_administrator(records, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        make_client(make_administrator()).post(get_path(*records))
    return [message for message in mail.outbox if "merged" in message.subject or "fusion" in message.subject]


def test_person_who_has_signed_in_is_notified_at_both_addresses(records, django_capture_on_commit_callbacks):
    Person.objects.filter(pk=records[0].pk).update(last_login=timezone.now(), language="en")

    messages = confirm_as_administrator(records, django_capture_on_commit_callbacks)

    assert {message.to[0] for message in messages} == {"ana@firm.example", "ana@new.example"}
    assert "ana@firm.example, ana@new.example" in messages[0].body


def test_person_who_never_signed_in_is_not_notified(records, django_capture_on_commit_callbacks):
    assert confirm_as_administrator(records, django_capture_on_commit_callbacks) == []


@pytest.fixture
def two_seats(records):
    """Give each record a job and a seat at a company of its own; return the two companies."""
    companies = make_company(name="Banque Rose"), make_company(name="Mutuelle Verte")
    for person, company in zip(records, companies, strict=True):
        Employment.objects.create(person=person, company=company, starts_on=START_OF_2020)
        give_seat(membership=company.memberships.get(), person=person)
    return companies


def list_current_companies(rows, column):
    return set(rows.values_list(f"{column}__name", flat=True))


def post_outcomes(client, records, companies, *outcomes):
    fields = {f"position-{company.pk}": outcome for company, outcome in zip(companies, outcomes, strict=True)}
    return client.post(get_path(*records), fields, follow=True)


def test_comparison_asks_which_current_jobs_go_on(secretary, records, two_seats):
    page = html.fromstring(secretary.get(get_path(*records)).text)

    labels = [label.text_content().strip() for label in page.xpath("//form//label")]
    assert labels[-2:] == ["Banque Rose (seat)", "Mutuelle Verte (seat)"]


def test_comparison_does_not_ask_about_one_employer(secretary, records):
    company = make_company(name="Banque Rose")
    for person in records:
        Employment.objects.create(person=person, company=company, starts_on=START_OF_2020)

    page = secretary.get(get_path(*records)).text

    assert "Current jobs" not in page


def test_job_without_a_seat_has_no_seat_to_end(secretary, records, two_seats):
    Seat.objects.filter(person=records[1]).delete()

    page = html.fromstring(secretary.get(get_path(*records)).text)

    values = page.xpath(f"//select[@name='position-{two_seats[1].pk}']/option/@value")
    assert values == ["", "continues", "ends"]


def test_merge_without_an_answer_changes_nothing(secretary, records, two_seats):
    answer = secretary.post(get_path(*records), {"email": "other"})

    page = html.fromstring(answer.text)
    assert Person.objects.filter(pk=records[1].pk).exists()
    assert len(page.xpath("//form//select[@aria-invalid='true']")) == 2
    assert page.xpath("//select[@name='email']/option[@selected]/@value") == ["other"]


def test_job_that_is_over_ends_with_its_seat(secretary, records, two_seats):
    post_outcomes(secretary, records, two_seats, "ends", "continues")

    survivor = records[0]
    assert list_current_companies(survivor.employments.open(), "company") == {"Mutuelle Verte"}
    assert list_current_companies(survivor.seats.open(), "membership__company") == {"Mutuelle Verte"}


def test_seat_ends_while_both_jobs_go_on(secretary, records, two_seats):
    post_outcomes(secretary, records, two_seats, "continues", "seat-ends")

    survivor = records[0]
    assert list_current_companies(survivor.employments.open(), "company") == {"Banque Rose", "Mutuelle Verte"}
    assert list_current_companies(survivor.seats.open(), "membership__company") == {"Banque Rose"}


def test_seat_of_a_prepared_renewal_ends_too(secretary, records, two_seats):
    tomorrow = timezone.localdate() + datetime.timedelta(days=1)
    two_seats[1].memberships.update(ends_on=timezone.localdate())
    renewal = make_membership(two_seats[1], starts_on=tomorrow)
    Seat.objects.create(membership=renewal, person=records[1], starts_on=tomorrow)

    post_outcomes(secretary, records, two_seats, "continues", "seat-ends")

    assert not Seat.objects.filter(membership=renewal).exists()


def test_page_of_a_person_with_two_seats_says_so(secretary, records, two_seats):
    answer = post_outcomes(secretary, records, two_seats, "continues", "continues")

    assert "Seats of several companies are in use: Banque Rose, Mutuelle Verte." in answer.text


def test_page_of_a_person_with_one_seat_says_nothing(secretary, records, two_seats):
    answer = secretary.get(f"/en/organize/club/people/{records[0].pk}/")

    assert "Seats of several companies" not in answer.text
