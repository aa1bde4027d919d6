"""A contact names all places of an order that were bought without a name."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from lxml import html

from convention.audit.models import AuditEntry
from convention.events.models import Event
from registrations.changes.substitute import AlreadyNamed
from registrations.company.assign_place import assign_place
from registrations.company.invitations import build_details_url
from registrations.company.models import Invitation
from registrations.models import GivenBy, Order, Registration, RegistrationAddon
from registrations.order_request import RequestedPlace
from tests.factories import make_addon
from tests.registrations.company.factories import make_desk, make_row, order_rows

pytestmark = pytest.mark.django_db

TO_FOLLOW = {"ticket": "guest", "is_to_follow": "on"}


@pytest.fixture
def desk():
    """A company with an order of a named place and three without a name."""
    desk = make_desk()
    order_rows(desk, make_row("Alpha", "a@x.fr"), TO_FOLLOW, TO_FOLLOW, TO_FOLLOW)
    return desk


def make_order_url(desk):
    return f"/en{desk.at}/orders/{Order.objects.get().reference}/"


def list_unnamed():
    return [row.reference for row in Registration.objects.order_by("pk") if not row.has_name]


def make_data(reference, last_name, email):
    return {
        f"{reference}-first_name": "Zoé",
        f"{reference}-last_name": last_name,
        f"{reference}-email": email,
    }


def test_order_page_leads_to_the_form_with_a_row_for_each_place(desk):
    order_page = desk.client.get(make_order_url(desk)).text

    page = html.fromstring(desk.client.get(f"{make_order_url(desk)}names/").content)

    assert "3 places have no name yet." in order_page
    assert f"{make_order_url(desk)}names/" in order_page
    assert len(page.xpath("//tbody/tr")) == 3


def test_rows_show_the_add_ons_of_their_places(desk):
    first, second, _third = Registration.objects.filter(first_name="").order_by("pk")
    RegistrationAddon.objects.create(registration=first, addon=make_addon(desk.event))
    cancelled = make_addon(desk.event, slug="tour", name_en="Tour")
    RegistrationAddon.objects.create(registration=second, addon=cancelled, cancelled_at=timezone.now())

    page = html.fromstring(desk.client.get(f"{make_order_url(desk)}names/").content)

    assert page.xpath("//tr[@id='row-1']/td[1]//li/text()") == ["Dinner"]
    assert page.xpath("//tr[@id='row-2']/td[1]//li/text()") == []


def test_add_ons_take_no_query_for_each_row(desk, django_assert_num_queries):
    first, second, _third = Registration.objects.filter(first_name="").order_by("pk")
    dinner = make_addon(desk.event)
    url = f"{make_order_url(desk)}names/"
    RegistrationAddon.objects.create(registration=first, addon=dinner)
    with CaptureQueriesContext(connection) as with_one:
        desk.client.get(url)
    RegistrationAddon.objects.create(registration=second, addon=dinner)

    with django_assert_num_queries(len(with_one)):
        desk.client.get(url)


def test_filled_rows_are_named_and_invited_together(desk):
    first, second, _third = list_unnamed()
    data = make_data(first, "Beta", "b@x.fr") | make_data(second, "Gamma", "c@x.fr")

    response = desk.client.post(f"{make_order_url(desk)}names/", data, follow=True)

    invitations = Invitation.objects.filter(registration__last_name__in=["Beta", "Gamma"])
    assert "2 names have been saved." in response.text
    assert len(list_unnamed()) == 1
    assert invitations.count() == 2
    assert AuditEntry.objects.filter(verb="registration.name").count() == 2


def test_row_with_an_error_stays_and_the_others_are_saved(desk):
    first, second, _third = list_unnamed()
    data = make_data(first, "Beta", "b@x.fr") | make_data(second, "", "c@x.fr")

    page = html.fromstring(desk.client.post(f"{make_order_url(desk)}names/", data).content)

    assert "Enter the last name." in page.xpath("string(//tr[@id='row-1'])")
    assert len(page.xpath("//tbody/tr")) == 2
    assert Registration.objects.filter(last_name="Beta").exists()


def test_all_errors_of_a_row_are_reported_at_once(desk):
    [first, *_others] = list_unnamed()

    page = html.fromstring(
        desk.client.post(f"{make_order_url(desk)}names/", make_data(first, "", "c@x")).content
    )

    errors = page.xpath("//tr[@id='row-1']//ul[contains(@class, 'errorlist')]/li/text()")
    assert errors == ["Enter the last name.", "Enter a valid e-mail address, for example name@example.org."]


def test_two_rows_do_not_get_the_same_address(desk):
    first, second, _third = list_unnamed()
    data = make_data(first, "Beta", "b@x.fr") | make_data(second, "Gamma", "b@x.fr")

    page = desk.client.post(f"{make_order_url(desk)}names/", data).text

    assert "This is the address of Zoé Beta, who already has a place." in page
    assert len(list_unnamed()) == 2


def test_cheaper_ticket_of_a_colleague_with_a_seat_is_named_first(desk):
    [first, *_others] = list_unnamed()
    data = make_data(first, "Silva", desk.colleague.email)

    page = desk.client.post(f"{make_order_url(desk)}names/", data).text

    assert "To use this place all the same, enter the name on the place’s own page." in page
    assert len(list_unnamed()) == 3


def test_names_cannot_be_given_after_the_deadline(desk):
    Event.objects.update(substitutions_close_at=timezone.now() - datetime.timedelta(hours=1))

    response = desk.client.get(f"{make_order_url(desk)}names/")

    assert response.status_code == 409
    assert "no name yet" not in desk.client.get(make_order_url(desk)).text


@pytest.fixture
def unnamed_place(desk, run_tasks, mailoutbox):
    """Return a place without a name, before any e-mail is sent to its attendee."""
    run_tasks()
    mailoutbox.clear()
    return Registration.objects.filter(first_name="").earliest("pk")


@pytest.mark.parametrize("page", ["give", "correct"])
def test_colleague_named_on_the_page_of_the_order_is_invited(
    unnamed_place, client, run_tasks, mailoutbox, page
):
    path = f"{unnamed_place.order.manage_path}{unnamed_place.reference}/{page}/"
    data = {"first_name": "Zoé", "last_name": "Beta", "email": "b@x.fr", "company": "X"}

    client.post(path, data)
    run_tasks()

    [mail] = [mail for mail in mailoutbox if mail.to == ["b@x.fr"]]
    unnamed_place.refresh_from_db()
    assert build_details_url(unnamed_place) in mail.body


@pytest.mark.parametrize("page", ["give", "correct"])
def test_colleague_named_without_an_address_is_not_invited(unnamed_place, client, page):
    path = f"{unnamed_place.order.manage_path}{unnamed_place.reference}/{page}/"

    client.post(path, {"first_name": "Zoé", "last_name": "Beta", "email": "", "company": "X"})

    unnamed_place.refresh_from_db()
    assert unnamed_place.last_name == "Beta"
    assert not unnamed_place.invitations.exists()


def test_old_page_of_a_contact_names_the_place_taken_in_the_meantime(desk):
    first, second, _third = list_unnamed()
    desk.client.post(f"{make_order_url(desk)}names/", make_data(first, "Alice", "alice@x.fr"))
    data = make_data(first, "Gamma", "gamma@x.fr") | make_data(second, "Beta", "beta@x.fr")

    text = desk.client.post(f"{make_order_url(desk)}names/", data, follow=True).text

    assert "This place has been given to Zoé Alice in the meantime." in text
    assert 'value="gamma@x.fr"' in text
    assert Registration.objects.get(reference=first).last_name == "Alice"


def test_contacts_name_does_not_replace_one_entered_while_the_request_waited(desk):
    place = Registration.objects.get(reference=list_unnamed()[0])
    attendee = RequestedPlace(ticket="", first_name="Zoé", last_name="Gamma")
    Registration.objects.filter(pk=place.pk).update(first_name="Zoé", last_name="Alice")

    with pytest.raises(AlreadyNamed):
        assign_place(
            company=desk.company, registration=place, new_attendee=attendee, given_by=GivenBy.CONTACT
        )


def test_old_page_of_one_place_keeps_the_name_a_contact_entered_in_the_meantime(desk):
    place = Registration.objects.get(reference=list_unnamed()[0])
    path = f"/en{desk.at}/registrations/{place.reference}/"
    holder = html.fromstring(desk.client.get(path).content).xpath("string(//input[@name='holder']/@value)")
    desk.client.post(f"{make_order_url(desk)}names/", make_data(place.reference, "Alice", "alice@x.fr"))
    data = {"first_name": "Zoé", "last_name": "Gamma", "email": "gamma@x.fr", "holder": holder}

    text = desk.client.post(path, data).text

    assert "This place has been given to Zoé Alice in the meantime." in text
    place.refresh_from_db()
    assert place.last_name == "Alice"
