"""An attendee who is registered twice reads it in the e-mail, and on pages when signed in."""

import datetime

import pytest
from django.test import Client
from django.utils import timezone
from lxml import html

from badges.confirmations.send import send_order_mails
from convention.club.models import Person
from registrations.models import Order, Registration
from registrations.orders.second_registrations import list_second_registration_links
from tests.factories import (
    make_event,
    make_member,
    make_order,
    make_person,
    make_registration,
    make_ticket,
    verify_address,
)

pytestmark = pytest.mark.django_db
EMAIL = "ana@example.org"
WARNING = "There is another registration for Ana Roi at this event"


@pytest.fixture
def ticket():
    return make_ticket(make_event(slug="congress"))


def register_ana(ticket, **fields):
    order = make_order(ticket.event, email=EMAIL, language="en")
    values = {"first_name": "Ana", "last_name": "Roi", "email": EMAIL, **fields}
    return make_registration(ticket, order=order, **values)


def read_main(answer) -> str:
    [main] = html.fromstring(answer.text).xpath("//main")
    return " ".join(" ".join(main.itertext()).split())


def read_mail(order: Order, mailoutbox) -> str:
    send_order_mails.func(order.pk)
    [mail] = mailoutbox
    return " ".join(mail.body.split())


def sign_in_as_ana() -> Client:
    client = Client()
    client.force_login(verify_address(make_person(email=EMAIL)))
    return client


def test_second_confirmation_names_the_first_order(ticket, mailoutbox):
    first, second = register_ana(ticket), register_ana(ticket)

    text = read_mail(second.order, mailoutbox)

    assert f"{WARNING}, in order {first.order.reference}." in text
    assert "/orders/link/" in text


def test_confirmation_is_silent_about_a_cancelled_registration(ticket, mailoutbox):
    first, second = register_ana(ticket), register_ana(ticket)
    first.cancelled_at = first.confirmed_at
    first.save()

    text = read_mail(second.order, mailoutbox)

    assert "There is another registration" not in text


def test_confirmation_is_silent_about_another_attendees_registration(ticket, mailoutbox):
    """The buyer of the second order is not Ana, and must not read whether she is registered."""
    register_ana(ticket)
    second = register_ana(ticket)
    Order.objects.filter(pk=second.order_id).update(email="eve@example.org")

    text = read_mail(Order.objects.get(pk=second.order_id), mailoutbox)

    assert "There is another registration" not in text


def test_confirmation_is_silent_about_a_registration_with_a_lookalike_address(ticket, mailoutbox):
    """Some databases take boſs for boss, which is another person’s mailbox."""
    register_ana(ticket, email="boss@example.org")
    second = register_ana(ticket, email="boſs@example.org")
    Order.objects.filter(pk=second.order_id).update(email="boſs@example.org")

    text = read_mail(Order.objects.get(pk=second.order_id), mailoutbox)

    assert "There is another registration" not in text


def test_links_leave_out_an_attendee_with_a_lookalike_address(ticket):
    boss = verify_address(make_person(email="boss@example.org"))
    register_ana(ticket, email="boss@example.org")

    links = list_second_registration_links(boss, ticket.event, [("Ana", "Roi", "boſs@example.org")])

    assert links == []


def test_order_page_warns_the_signed_in_attendee(ticket):
    first, second = register_ana(ticket), register_ana(ticket)

    answer = sign_in_as_ana().get(second.order.manage_path)

    assert WARNING in read_main(answer)
    assert f"/orders/{first.order.reference}/" in answer.text


def test_order_page_reveals_no_other_registration_to_strangers(client, ticket):
    _first, second = register_ana(ticket), register_ana(ticket)

    text = read_main(client.get(second.order.manage_path))

    assert "There is another registration" not in text


@pytest.mark.parametrize("is_signed_in", [True, False])
def test_review_warns_only_a_signed_in_buyer(ticket, is_signed_in):
    register_ana(ticket)
    client = sign_in_as_ana() if is_signed_in else Client()
    person = {"first_name": "Ana", "last_name": "Roi", "email": EMAIL}
    form = "/en/events/congress/register/"
    people = {f"person-0-{name}": value for name, value in person.items()}
    client.post(form, {"person-TOTAL_FORMS": "1", "person-INITIAL_FORMS": "0", "contact": "", **people})
    client.post(f"{form}choices/", {"choice-0-ticket": ticket.slug})

    text = read_main(client.get(f"{form}check/"))

    assert ("Ana Roi already has a registration for this event." in text) is is_signed_in


def test_event_page_hides_a_second_place_that_the_member_cannot_confirm(client, ticket):
    ticket = make_ticket(ticket.event, slug="member", audience="member")
    member = make_member(email=EMAIL)
    register_ana(ticket, person=member)
    held_until = timezone.now() + datetime.timedelta(hours=1)
    register_ana(ticket, confirmed_at=None, hold_expires_at=held_until)
    client.force_login(member)

    page = html.fromstring(client.get("/en/events/congress/").text)

    assert len(page.xpath("//a[normalize-space()='Your registration']")) == 1


def test_member_is_mailed_that_there_is_no_second_place_to_confirm(ticket, mailoutbox):
    member_ticket = make_ticket(ticket.event, slug="member", audience="member")
    first = register_ana(member_ticket, person=make_member(email=EMAIL))
    held_until = timezone.now() + datetime.timedelta(hours=1)
    second = register_ana(member_ticket, confirmed_at=None, hold_expires_at=held_until)

    text = read_mail(second.order, mailoutbox)

    assert mailoutbox[0].subject.startswith("You already have a place")
    assert f"/orders/{first.order.reference}/" in text
    assert "/orders/confirm/" not in text


@pytest.fixture
def refused_place(ticket):
    """Make a second place of a member, which cannot be confirmed."""
    member_ticket = make_ticket(ticket.event, slug="member", audience="member")
    register_ana(member_ticket, person=make_member(email=EMAIL))
    held_until = timezone.now() + datetime.timedelta(hours=1)
    return register_ana(member_ticket, confirmed_at=None, hold_expires_at=held_until)


def sign_in_as_member() -> Client:
    client = Client()
    client.force_login(Person.objects.get(email=EMAIL))
    return client


def test_my_registrations_leave_out_a_refused_second_place(refused_place):
    page = sign_in_as_member().get("/en/me/").text

    assert refused_place.order.reference not in page
    assert page.count("Ana Roi ·") == 1


def test_page_tells_the_member_that_the_second_place_is_refused(refused_place):
    text = read_main(sign_in_as_member().get(refused_place.order.manage_path))

    assert "Ana Roi already has a place with this ticket" in text
    assert "We are holding" not in text


def test_page_tells_nobody_else_that_the_second_place_is_refused(client, refused_place):
    text = read_main(client.get(refused_place.order.manage_path))

    assert "already has a place" not in text
    assert "We are holding Ana Roi’s place" in text


@pytest.fixture
def order_with_ana(ticket):
    """Return a buyer's order for Ana and Tom."""
    order = make_order(ticket.event, email="buyer@example.org", language="en")
    make_registration(ticket, order=order, first_name="Ana", last_name="Roi", email=EMAIL)
    make_registration(ticket, order=order, first_name="Tom", last_name="Bo", email="tom@example.org")
    return order


def name_ana_for_toms_place(order: Order, client: Client, page="give", **fields):
    """Post Ana as the new attendee of Tom's place, or as a correction of it."""
    place = order.registrations.get(email="tom@example.org")
    ana = {"first_name": "Ana", "last_name": "Roi", "email": EMAIL}
    return client.post(f"{order.manage_path}{place.reference}/{page}/", {**ana, **fields})


BOTH_PAGES = pytest.mark.parametrize("page", ["give", "correct"])


@BOTH_PAGES
def test_second_place_in_an_order_is_not_given_before_the_question_is_answered(client, order_with_ana, page):
    answer = name_ana_for_toms_place(order_with_ana, client, page)

    assert "Ana Roi already has a place in this order" in read_main(answer)
    assert order_with_ana.registrations.filter(email="tom@example.org").exists()


@BOTH_PAGES
def test_second_place_in_an_order_is_given_after_the_question_is_answered(client, order_with_ana, page):
    question = html.fromstring(name_ana_for_toms_place(order_with_ana, client, page).content)
    [answer] = question.xpath("//main//button[@name='answer']/@value")

    response = name_ana_for_toms_place(order_with_ana, client, page, answer=answer)

    assert response.status_code == 302
    assert order_with_ana.registrations.filter(email=EMAIL).count() == 2


def test_place_is_given_without_a_question_if_the_other_is_in_another_order(client, ticket, order_with_ana):
    order_with_ana.registrations.filter(email=EMAIL).delete()
    register_ana(ticket)

    response = name_ana_for_toms_place(order_with_ana, client)

    assert response.status_code == 302


def test_correction_of_a_place_without_a_name_asks_too(client, order_with_ana):
    place = order_with_ana.registrations.get(email="tom@example.org")
    Registration.objects.filter(pk=place.pk).update(first_name="", last_name="", sort_name="")

    page = name_ana_for_toms_place(order_with_ana, client, "correct")

    assert "Ana Roi already has a place in this order" in read_main(page)


def test_correction_of_the_same_person_asks_nothing(client, order_with_ana):
    other = {"first_name": "Tomas", "last_name": "Bo", "email": "tom@example.org"}

    response = name_ana_for_toms_place(order_with_ana, client, "correct", **other)

    assert response.status_code == 302


@pytest.mark.parametrize("is_same_order", [True, False])
def test_new_holder_reads_about_the_registration_they_have(
    client, ticket, order_with_ana, is_same_order, mailoutbox
):
    first = order_with_ana.registrations.get(email=EMAIL)
    if not is_same_order:
        Registration.objects.filter(pk=first.pk).update(order=make_order(ticket.event, email=EMAIL))
        first.refresh_from_db()

    name_ana_for_toms_place(order_with_ana, client, answer=first.reference)
    send_order_mails.func(order_with_ana.pk)

    [mail] = [mail for mail in mailoutbox if mail.subject.startswith("A place has been transferred to you")]
    sentence = f"You already have a registration for this event, in order {first.order.reference}."
    assert sentence in " ".join(mail.body.split())
    assert "/orders/link/" in mail.body


def test_new_holder_reads_nothing_about_a_namesake_with_another_address(client, order_with_ana, mailoutbox):
    order_with_ana.registrations.filter(email=EMAIL).update(email="other@example.org")

    name_ana_for_toms_place(order_with_ana, client)
    send_order_mails.func(order_with_ana.pk)

    [mail] = [mail for mail in mailoutbox if mail.subject.startswith("A place has been transferred to you")]
    assert "You already have a registration" not in mail.body
