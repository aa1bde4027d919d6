"""A buyer names the places of a package together, behind the order's link."""

import datetime

import pytest
from django.utils import timezone
from lxml import html

from convention.audit.models import AuditEntry
from convention.events.models import Event
from registrations.billing.receivables import calculate_balance
from registrations.changes.substitute import AlreadyNamed, name_place, substitute_attendee
from registrations.models import GivenBy, Registration, RegistrationAddon
from registrations.order_request import RequestedPlace
from registrations.permissions import make_own_secret
from tests.factories import make_addon, make_event, make_registration, make_ticket
from tests.registrations.company.factories import make_desk, order_rows
from tests.registrations.sponsors.factories import make_package, make_sponsorship

pytestmark = pytest.mark.django_db


@pytest.fixture
def order():
    """The order of a package with two places without a name."""
    ticket = make_ticket(make_event(), slug="pass", is_public=False)
    return make_sponsorship(make_package(ticket.event, ticket), has_logo=False).order


def read_page(client, url):
    return html.fromstring(client.get(url).content)


def make_url(order):
    return f"/en/orders/{order.reference}/{order.manage_secret}/"


def make_row(registration, last_name, email=""):
    values = {"first_name": "Zoé", "last_name": last_name, "email": email}
    return {f"{registration.reference}-{name}": value for name, value in values.items()}


def test_order_page_folds_its_places_without_a_name(client, order):
    page = read_page(client, make_url(order))

    assert page.xpath("//a[.='Name the places']/@href") == [f"{make_url(order)}names/"]
    assert "2 places have no name yet." in page.text_content()
    assert len(page.xpath("//details[summary='Places without a name']/ul/li")) == 2
    assert page.xpath("//section/ul[@class='listing']/li") == []


def test_sponsors_page_leads_to_the_form(client, order):
    page = read_page(client, f"{make_url(order)}sponsor/")

    assert page.xpath("//a[.='Name the places']/@href") == [f"{make_url(order)}names/"]
    assert "Enter the attendee’s name" not in page.text_content()


def test_single_place_without_a_name_is_named_on_its_own_page(client, order):
    Registration.objects.filter(pk=order.registrations.last().pk).update(first_name="Zoé", last_name="Roi")

    page = read_page(client, make_url(order))

    assert page.xpath("//a[.='Name the places']") == []
    assert len(page.xpath("//section/ul[@class='listing']/li")) == 2


def test_filled_rows_are_named_together(client, order):
    first, second = order.registrations.order_by("pk")
    data = make_row(first, "Alpha", "a@x.fr") | make_row(second, "Beta")

    response = client.post(f"{make_url(order)}names/", data, follow=True)

    assert "2 names have been saved." in response.text
    assert list(order.registrations.order_by("pk").values_list("last_name", "email")) == [
        ("Alpha", "a@x.fr"),
        ("Beta", ""),
    ]
    assert AuditEntry.objects.filter(verb="registration.name").count() == 2


def test_row_with_an_error_stays_and_the_other_is_saved(client, order):
    first, second = order.registrations.order_by("pk")
    data = make_row(first, "Alpha") | make_row(second, "", "no address")

    response = client.post(f"{make_url(order)}names/", data)

    page = html.fromstring(response.content)
    assert page.xpath("//ul[contains(@class, 'errorlist')]/li/text()") == [
        "Enter the last name.",
        "Enter a valid e-mail address, for example name@example.org.",
    ]
    assert order.registrations.filter(last_name="Alpha").exists()


def test_person_in_two_rows_gets_the_second_place_on_its_own_page_only(client, order):
    first, second = order.registrations.order_by("pk")
    data = make_row(first, "Alpha", "a@x.fr") | make_row(second, "Alpha", "a@x.fr")

    response = client.post(f"{make_url(order)}names/", data)

    page = html.fromstring(response.content)
    assert "Zoé Alpha already has a place." in page.text_content()
    assert page.xpath("//tbody//a/@href") == [f"{make_url(order)}{second.reference}/give/"]
    assert order.registrations.filter(last_name="Alpha").count() == 1


def test_rows_show_add_ons(client, order):
    RegistrationAddon.objects.create(
        registration=order.registrations.order_by("pk").first(), addon=make_addon(order.event)
    )

    page = read_page(client, f"{make_url(order)}names/")

    assert page.xpath("//tr[@id='row-1']/td[1]//li/text()") == ["Dinner"]
    assert page.xpath("//tr[@id='row-2']/td[1]//li/text()") == []


def test_attendees_own_link_does_not_name_the_places_of_others(client, order):
    own_secret = make_own_secret(order.registrations.first())

    response = client.get(f"/en/orders/{order.reference}/{own_secret}/names/")

    assert response.status_code == 404


def test_places_cannot_be_named_after_the_deadline(client, order):
    Event.objects.update(substitutions_close_at=timezone.now() - datetime.timedelta(hours=1))

    response = client.get(f"{make_url(order)}names/")

    assert response.status_code == 409
    assert "Name the places" not in client.get(make_url(order)).text


def test_places_of_a_companys_order_are_named_in_the_company_area():
    desk = make_desk()
    to_follow = {"ticket": "guest", "is_to_follow": "on"}
    order_rows(desk, to_follow, to_follow)
    order = Registration.objects.first().order

    page = read_page(desk.client, make_url(order))

    assert page.xpath("//a[.='Name the places']") == []


def test_old_page_keeps_its_name_for_a_place_named_in_the_meantime(client, order):
    first, second = order.registrations.order_by("pk")
    client.post(f"{make_url(order)}names/", make_row(first, "Alpha"))
    data = make_row(first, "Gamma") | make_row(second, "Beta")

    text = client.post(f"{make_url(order)}names/", data, follow=True).text

    assert "1 name has been saved." in text
    assert "This place has been given to Zoé Alpha in the meantime." in text
    assert 'value="Gamma"' in text
    first.refresh_from_db()
    assert first.last_name == "Alpha"


def test_names_that_are_posted_twice_are_no_errors(client, order):
    first, second = order.registrations.order_by("pk")
    data = make_row(first, "Alpha", "a@x.fr") | make_row(second, "Beta")
    client.post(f"{make_url(order)}names/", data)

    response = client.post(f"{make_url(order)}names/", data)

    assert response.status_code == 302


def test_row_left_empty_for_a_place_named_in_the_meantime_is_no_error(client, order):
    first, second = order.registrations.order_by("pk")
    client.post(f"{make_url(order)}names/", make_row(first, "Alpha", "a@x.fr"))
    empty = {f"{first.reference}-{name}": "" for name in ("first_name", "last_name", "email")}

    response = client.post(f"{make_url(order)}names/", empty | make_row(second, "Beta"))

    assert response.status_code == 302


def test_place_named_while_the_request_waited_keeps_its_name(order):
    place = order.registrations.first()
    attendee = RequestedPlace(ticket="", first_name="Zoé", last_name="Gamma")
    Registration.objects.filter(pk=place.pk).update(first_name="Zoé", last_name="Alpha")

    with pytest.raises(AlreadyNamed):
        name_place(registration=place, new_attendee=attendee, given_by=GivenBy.BUYER)

    place.refresh_from_db()
    assert place.last_name == "Alpha"


def test_form_of_a_cancelled_event_says_that_no_names_are_needed(client, order):
    Event.objects.update(cancelled_at=timezone.now(), cancellation_reason="Strike")

    page = read_page(client, f"{make_url(order)}names/")

    assert "The event is cancelled, so its places need no names." in page.text_content()
    assert page.xpath("//main//form") == []


def test_old_page_of_one_place_keeps_the_name_entered_in_the_meantime(client, order):
    place = order.registrations.first()
    path = f"{make_url(order)}{place.reference}/give/"
    holder = read_page(client, path).xpath("string(//input[@name='holder']/@value)")
    client.post(f"{make_url(order)}names/", make_row(place, "Alpha"))

    text = client.post(path, {"first_name": "Zoé", "last_name": "Gamma", "email": "", "holder": holder}).text

    assert "This place has been given to Zoé Alpha in the meantime." in text
    place.refresh_from_db()
    assert place.last_name == "Alpha"


def test_page_that_named_the_present_attendee_gives_the_place_to_somebody_else(client, order):
    place = order.registrations.first()
    path = f"{make_url(order)}{place.reference}/give/"
    client.post(f"{make_url(order)}names/", make_row(place, "Alpha"))
    data = {"first_name": "Tom", "last_name": "Gamma", "email": "", "holder": "0"}
    page = html.fromstring(client.post(path, data).content)

    client.post(path, {**data, "holder": page.xpath("string(//input[@name='holder']/@value)")})

    place.refresh_from_db()
    assert place.last_name == "Gamma"


def test_name_of_one_place_that_is_posted_twice_is_saved_once(client, order):
    place = order.registrations.first()
    path = f"{make_url(order)}{place.reference}/give/"
    data = {"first_name": "Zoé", "last_name": "Alpha", "email": "a@x.fr", "holder": "0"}
    client.post(path, data)

    response = client.post(path, data)

    assert response.status_code == 302
    place.refresh_from_db()
    assert place.holder_number == 1


def test_place_given_while_the_request_waited_stays_with_its_attendee(order):
    place = order.registrations.first()
    place.first_name, place.last_name = "Zoé", "Alpha"
    place.save()
    Registration.objects.filter(pk=place.pk).update(badge_version=2, last_name="Beta")
    attendee = RequestedPlace(ticket="", first_name="Tom", last_name="Gamma")

    with pytest.raises(AlreadyNamed):
        substitute_attendee(registration=place, new_attendee=attendee, expected_holder=1)


def test_page_to_give_a_place_names_what_the_order_still_owes(client, order):
    place = order.registrations.first()

    text = read_page(client, f"{make_url(order)}{place.reference}/give/").text_content()

    due = calculate_balance(order)
    assert due.amount > 0
    assert "Entering the name costs nothing." in text
    assert f"Still due on invoice for this order: {due}." in text


def test_attendees_page_to_give_a_place_names_no_amount(client):
    place = make_registration(price=12_000)
    path = f"/en/orders/{place.order.reference}/{make_own_secret(place)}/{place.reference}/give/"

    text = read_page(client, path).text_content()

    assert "The transfer costs nothing." in text
    assert "for this order" not in text


@pytest.mark.parametrize("page", ["give", "correct"])
def test_attendee_named_on_the_page_of_one_place_gets_their_link(client, order, run_tasks, mailoutbox, page):
    place = order.registrations.first()
    data = {"first_name": "Zoé", "last_name": "Alpha", "email": "a@x.fr", "company": "X"}

    text = client.post(f"{make_url(order)}{place.reference}/{page}/", data, follow=True).text
    run_tasks()

    place.refresh_from_db()
    [mail] = [mail for mail in mailoutbox if mail.to == ["a@x.fr"]]
    assert make_own_secret(place) in mail.body
    assert "and a@x.fr a personal link to the registration." in text


def test_attendee_who_enters_their_name_behind_their_own_link_gets_no_other(
    client, order, run_tasks, mailoutbox
):
    place = order.registrations.first()
    place.email = "a@x.fr"
    place.save()
    path = f"/en/orders/{order.reference}/{make_own_secret(place)}/{place.reference}/correct/"

    client.post(path, {"first_name": "Zoé", "last_name": "Alpha", "email": "a@x.fr", "company": "X"})
    run_tasks()

    place.refresh_from_db()
    assert place.last_name == "Alpha"
    assert [mail for mail in mailoutbox if mail.to == ["a@x.fr"]] == []
