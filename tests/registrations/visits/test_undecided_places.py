"""People who lost their seat: the pages that lead to the decision whether they keep their place."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from lxml import html

from convention.club.models import ClubRole, Seat
from registrations.visits.applications.applicants import list_undecided_applications
from registrations.visits.applications.places import grant_exception
from registrations.visits.applications.withdraw import withdraw_application
from registrations.visits.models import Visit
from registrations.visits.planning.attention import list_season_items
from tests.factories import (
    START_OF_2020,
    make_company,
    make_event,
    make_member,
    make_person,
    make_secretary,
    make_staff,
)
from tests.registrations.visits.factories import get_applicant, make_application, make_visit
from tests.registrations.visits.hosts import make_hosted, make_visitor
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db

DAY = datetime.timedelta(days=1)
SENTENCE = "1 person has lost their seat or now works for a competitor: keep or withdraw their place."


def end_seats(application):
    """End the applicant's seats before the visit."""
    Seat.objects.filter(person=application.person).update(ends_on=application.visit.day - DAY)
    return application


def list_items(reader):
    """Return address and sentence of the items that lead to people who need a decision."""
    items = list_season_items(reader, at=timezone.now())
    return [
        (item.event.slug, item.sentence) for item in items if item.page_name == "organize-visit-applicants"
    ]


def read_links(page):
    """Return address and text of the links in the messages of a page."""
    links = html.fromstring(page.text).xpath("//ul[contains(@class, 'messages')]//a")
    return [(link.get("href"), link.text) for link in links]


def find_application_path(application):
    return f"/en/organize/{application.visit.event.slug}/visit/applicants/{application.pk}/"


@pytest.fixture
def secretary():
    return make_secretary()


def test_season_page_leads_to_the_people_to_decide_on_before_the_lock(secretary):
    visit = end_seats(make_application(make_visit())).visit

    page = make_client(secretary).get("/en/organize/season/")

    path = f"/en/organize/{visit.event.slug}/visit/applicants/?state=decide"
    [item] = html.fromstring(page.text).xpath(f"//ul[@class='attention']/li[a/@href='{path}']")
    assert SENTENCE in item.text_content()
    assert visit.event.title in item.text_content()


def test_address_of_the_item_lists_the_person(secretary):
    application = end_seats(make_application(make_visit()))
    other = make_application(application.visit)

    page = make_client(secretary).get(
        f"/en/organize/{application.visit.event.slug}/visit/applicants/?state=decide"
    )

    assert find_application_path(application) in page.text
    assert find_application_path(other) not in page.text


def test_locked_visit_has_an_item_too(secretary):
    visit = make_hosted()
    end_seats(make_visitor(visit))

    assert [slug for slug, _sentence in list_items(secretary)] == [visit.event.slug]


def test_seats_are_compared_with_the_day_of_each_visit(secretary):
    person = make_member()
    early, late = make_hosted(days=5), make_hosted(days=15)
    applications = [make_visitor(visit) for visit in (early, late)]
    for application in applications:
        application.person = person
        application.company = person.employments.get().company
        application.save()
    Seat.objects.filter(person=person).update(ends_on=early.day)

    found = list_undecided_applications([early, late])

    assert found == [applications[1]]


@pytest.mark.parametrize("facts", [{"cancelled_at": timezone.now()}, {"is_over": True}])
def test_visits_that_are_over_or_called_off_have_no_item(secretary, facts):
    visit = end_seats(make_visitor(make_hosted())).visit
    if facts.pop("is_over", False):
        visit.event.starts_at, visit.event.ends_at = timezone.now() - 2 * DAY, timezone.now() - DAY
        visit.event.save()
    Visit.objects.filter(pk=visit.pk).update(**facts)

    assert list_items(secretary) == []


def test_granted_exception_needs_no_decision(secretary):
    application = end_seats(make_application(make_visit()))

    grant_exception(application=application, reason="The host agrees.")

    assert list_items(secretary) == []


def test_withdrawn_application_needs_no_decision(secretary):
    application = end_seats(make_application(make_visit()))

    withdraw_application(application=application)

    assert list_items(secretary) == []


def test_club_organizer_has_the_item_too():
    end_seats(make_application(make_visit()))
    organizer = make_person()
    ClubRole.objects.create(person=organizer, role="organizer", starts_on=START_OF_2020)

    assert [sentence for _slug, sentence in list_items(organizer)] == [SENTENCE]


def test_reader_who_does_not_manage_the_visit_has_no_item():
    end_seats(make_application(make_visit()))
    organizer_elsewhere = make_staff(make_event())

    assert list_items(organizer_elsewhere) == []


def test_overview_of_the_event_shows_the_item_to_its_organizer():
    visit = end_seats(make_application(make_visit())).visit

    page = make_client(make_staff(visit.event)).get(f"/en/organize/{visit.event.slug}/")

    assert SENTENCE in page.text


def count_queries(client):
    """Return the number of items about people to decide on, and of queries, on the season page."""
    with CaptureQueriesContext(connection) as queries:
        page = client.get("/en/organize/season/")
    return page.text.count("?state=decide"), len(queries)


def test_number_of_queries_is_the_same_for_many_visits(secretary):
    client = make_client(secretary)
    for days in (30, 31):
        end_seats(make_application(make_visit(starts_at=timezone.now() + days * DAY)))
    client.get("/en/organize/season/")  # read what is cached once for each process
    few_items, few_queries = count_queries(client)
    for days in range(32, 40):
        visit = make_visit(starts_at=timezone.now() + days * DAY)
        end_seats(make_application(visit))
        end_seats(make_application(visit))

    many_items, many_queries = count_queries(client)

    assert [few_items, many_items] == [2, 10]
    assert many_queries == few_queries


# --- messages of the directory -----------------------------------------------------------------------------


def change_employer_today(client, person):
    path = f"/en/organize/club/people/{person.pk}/employer/"
    values = {"on": timezone.localdate(), "mandates": "stay", "to": make_company().pk}
    return client.post(path, values, follow=True)


def test_change_of_employer_names_the_visits_to_decide_on(secretary):
    application = make_application(make_visit())
    person = get_applicant(application)

    page = change_employer_today(make_client(secretary), person)

    assert f"Decide whether {person} keeps the place on:" in page.text
    assert (find_application_path(application), application.visit.event.title) in read_links(page)


def test_change_of_employer_without_visits_names_none(secretary):
    page = change_employer_today(make_client(secretary), make_member())

    assert "keeps the place on" not in page.text


def test_change_after_the_visit_names_no_visit(secretary):
    application = make_application(make_visit())
    person, on = get_applicant(application), application.visit.day + DAY

    page = make_client(secretary).post(
        f"/en/organize/club/people/{person.pk}/employer/", {"on": on, "mandates": "stay"}, follow=True
    )

    assert "The change has been saved." in page.text
    assert "keeps the place on" not in page.text


def test_title_of_the_visit_is_escaped_in_the_message(secretary):
    application = make_application(make_visit())
    event = application.visit.event
    event.name = event.name_en = "<b>Site</b>"
    event.save()

    page = change_employer_today(make_client(secretary), get_applicant(application))

    assert "<b>Site</b>" not in page.text


@pytest.mark.parametrize("action", ["end", "remove"])
def test_end_and_removal_of_a_job_name_the_visits_to_decide_on(secretary, action):
    application = make_application(make_visit())
    person = get_applicant(application)
    job = person.employments.get()

    page = make_client(secretary).post(
        f"/en/organize/club/people/{person.pk}/jobs/{job.pk}/{action}/",
        {"last_day": timezone.localdate()},
        follow=True,
    )

    assert find_application_path(application) in [path for path, _text in read_links(page)]


def test_end_of_a_seat_names_the_visits_to_decide_on(secretary):
    application = make_application(make_visit())
    seat = get_applicant(application).seats.get()

    page = make_client(secretary).post(
        f"/en/organize/club/companies/{seat.membership.company.slug}/seats/take/{seat.pk}/", follow=True
    )

    assert find_application_path(application) in [path for path, _text in read_links(page)]


def test_seat_given_to_a_colleague_names_the_visits_of_the_former_holder(secretary):
    application = make_application(make_visit())
    seat = get_applicant(application).seats.get()
    company = seat.membership.company
    colleague = make_person()
    colleague.employments.create(company=company, starts_on=START_OF_2020)

    page = make_client(secretary).post(
        f"/en/organize/club/companies/{company.slug}/seats/move/{seat.pk}/",
        {"person": colleague.pk},
        follow=True,
    )

    assert find_application_path(application) in [path for path, _text in read_links(page)]
