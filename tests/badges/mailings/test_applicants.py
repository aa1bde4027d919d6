"""Mailings to the applicants of a visit, by their state, which the club's secretary writes too."""

import pytest
from django.urls import reverse
from lxml import html

from badges.mailings.models import Mailing
from tests.badges.mailings.factories import TEXTS
from tests.factories import make_event, make_secretary
from tests.registrations.visits.factories import accept_current_text, make_application, make_visit
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def secretary():
    return make_client(make_secretary())


@pytest.fixture
def visit():
    """A visit with somebody who accepted the text, somebody who did not, and somebody who waits."""
    visit = make_visit(places=2, identity_fields=["birth_date"])
    accept_current_text(make_application(visit, first_name="Accepts", language="en"))
    make_application(visit, first_name="Hesitates", language="en")
    make_application(visit, first_name="Waits", language="en")
    return visit


def get_writing_page(visit, state):
    return f"/en/organize/{visit.event.slug}/mail/applicants/?state={state}"


def list_greeted_names(visit, client, state):
    """Save a draft to those in the state; return the first names of its recipients."""
    page = get_writing_page(visit, state)
    [form] = html.fromstring(client.get(page).content).xpath("//main//form[.//input[@name='selected']]")
    client.post(page, dict(form.form_values()) | {"purpose": "information", **TEXTS})
    ids = Mailing.objects.get().segment["registrations"]
    return sorted(row.first_name for row in visit.event.registrations.filter(pk__in=ids))


def test_secretary_writes_to_those_who_have_not_accepted_the_text(visit, secretary):
    assert list_greeted_names(visit, secretary, "confirmed") == ["Hesitates"]


def test_secretary_writes_to_those_whose_identity_is_missing(visit, secretary):
    assert list_greeted_names(visit, secretary, "agreed") == ["Accepts"]


def test_mailing_without_a_state_goes_to_everyone_with_a_place(visit, secretary):
    assert list_greeted_names(visit, secretary, "") == ["Accepts", "Hesitates"]


def test_secretary_sends_a_mailing_to_visitors(visit, secretary, run_tasks, mailoutbox):
    list_greeted_names(visit, secretary, "confirmed")
    run_tasks()
    mailoutbox.clear()
    mailing = Mailing.objects.get()
    args = [visit.event.slug, mailing.pk]
    shown = html.fromstring(secretary.get(reverse("organize-mailing", args=args)).content)
    [form] = shown.xpath("//main//form[contains(@action, '/send/')]")

    secretary.post(form.action, dict(form.form_values()))
    run_tasks()

    assert len(mailoutbox) == 1


def test_mailing_to_the_waiting_list_leads_back_to_the_applicants(visit, secretary):
    answer = secretary.get(get_writing_page(visit, "waiting"), follow=True)

    assert answer.redirect_chain[0][0].endswith(f"/organize/{visit.event.slug}/visit/applicants/")
    assert not Mailing.objects.exists()


def test_applicants_page_counts_whom_a_mailing_reaches(visit, secretary):
    page = f"/en/organize/{visit.event.slug}/visit/applicants/"

    everyone = secretary.get(page).text
    hesitating = secretary.get(page, {"state": "confirmed"}).text
    waiting = secretary.get(page, {"state": "waiting"}).text

    assert "Write to the 2 people with a place" in everyone
    assert "Write to this person" in hesitating
    assert "Write to the waiting list" in waiting


def test_form_to_write_to_applicants_leads_back_to_them(visit, secretary):
    page = html.fromstring(secretary.get(get_writing_page(visit, "confirmed")).content)

    [path] = page.xpath("//a[@class='back']/@href")

    assert path.endswith(f"/organize/{visit.event.slug}/visit/applicants/")


def test_menu_of_a_visit_leads_the_secretary_to_its_mailings(visit, secretary):
    page = secretary.get(f"/en/organize/{visit.event.slug}/visit/").text

    assert f"/organize/{visit.event.slug}/mail/" in page


def test_secretary_does_not_write_to_the_attendees_of_other_events(secretary):
    event = make_event()

    answer = secretary.get(reverse("organize-mail", args=[event.slug]))

    assert answer.status_code == 403


def test_registrations_of_another_event_are_no_recipients(visit, secretary):
    other = make_application(make_visit())

    secretary.post(
        get_writing_page(visit, ""),
        {"selected": other.registration.reference, "purpose": "information", **TEXTS},
    )

    assert not Mailing.objects.exists()


def test_log_names_recipients_without_a_link_that_the_secretary_may_not_open(visit, secretary, run_tasks):
    list_greeted_names(visit, secretary, "confirmed")
    mailing = Mailing.objects.get()
    args = [visit.event.slug, mailing.pk]
    secretary.post(reverse("organize-mailing-send", args=args))
    run_tasks()

    page = secretary.get(reverse("organize-mailing-log", args=args)).text

    assert "Hesitates" in page
    assert f"/organize/{visit.event.slug}/registrations/" not in page
