"""Waiting lists: joining, offers that expire, acceptance by the acts that book any place, and by hand."""

import csv
import datetime
import io

import pytest
from django.utils import timezone

from convention.errors import InvalidFields, NotOpenNow, SoldOut
from registrations.booking.accept_offer import accept_session_offer, accept_ticket_offer
from registrations.booking.join_waiting_list import (
    PlacesLeft,
    WaitingRequest,
    join_session_list,
    join_ticket_list,
)
from registrations.booking.place_order import place_order
from registrations.booking.verification import NotAMember
from registrations.changes.cancel import cancel_registration
from registrations.inventory.stock import release_ticket_holds
from registrations.models import CompanyShare, PriceStep, Registration, Ticket, WaitingEntry
from registrations.order_request import OrderRequest, RequestedPlace
from registrations.sessions.booking import SessionConflict, book_session, leave_session
from registrations.ticketing.tickets import save_ticket
from registrations.waiting_list.expire_and_leave import NoActiveOffer, decline_offer, leave_waiting_list
from registrations.waiting_list.organizer_actions import (
    offer_place_now,
    pause_waiting_entry,
    resume_waiting_entry,
    set_offer_hours,
)
from registrations.waiting_list.periodic import process_waiting_lists
from tests.factories import (
    make_company,
    make_event,
    make_member,
    make_registration,
    make_session,
    make_staff,
    make_ticket,
)

pytestmark = pytest.mark.django_db

HOUR = datetime.timedelta(hours=1)
BILLED = {
    "billing_name": "Acme", "billing_street": "1 rue A", "billing_postcode": "75001",
    "billing_city": "Paris", "billing_country": "FR", "purchase_order": "PO-7",
}  # fmt: skip


@pytest.fixture
def ticket() -> Ticket:
    """A guests' ticket with one place, which is taken."""
    event = make_event(slug="congress", name="La Convention", name_en="The Convention")
    ticket = make_ticket(event, name="Invité", name_en="Guest", capacity=1)
    make_registration(ticket, email="first@example.org")
    return ticket


def wish(name: str = "Ana", **fields) -> WaitingRequest:
    return WaitingRequest(first_name=name, last_name="Silva", email=f"{name.lower()}@example.org", **fields)


def wait(ticket: Ticket, name: str = "Ana", **fields) -> WaitingEntry:
    return join_ticket_list(ticket=ticket, request=wish(name, **fields))


def free_one(ticket: Ticket) -> None:
    cancel_registration(registration=Registration.objects.confirmed().filter(ticket=ticket).first())


def states(*entries: WaitingEntry) -> list[str]:
    return [WaitingEntry.objects.get(pk=entry.pk).state for entry in entries]


def taken(ticket: Ticket) -> int:
    return Ticket.objects.get(pk=ticket.pk).reserved


def run_out(entry: WaitingEntry) -> None:
    """Let the offer's time be over."""
    WaitingEntry.objects.filter(pk=entry.pk).update(offer_expires_at=timezone.now())


def test_a_freed_place_is_offered_to_the_first_and_passed_on_when_the_offer_runs_out(ticket):
    first, second, third = (wait(ticket, name) for name in ("Ana", "Bo", "Cy"))
    free_one(ticket)
    assert (states(first, second, third), taken(ticket)) == (["offered", "waiting", "waiting"], 1)
    run_out(first)
    process_waiting_lists()
    assert (states(first, second, third), taken(ticket)) == (["expired", "offered", "waiting"], 1)
    second.refresh_from_db()
    decline_offer(entry=second)
    assert (states(second, third), taken(ticket)) == (["declined", "offered"], 1)
    leave_waiting_list(entry=third)
    assert (states(third), taken(ticket)) == (["left"], 0)


def test_nobody_who_comes_later_gets_the_place_that_is_offered(ticket):
    wait(ticket)
    free_one(ticket)
    place = RequestedPlace(ticket="guest", first_name="N", last_name="N", email="new@example.org")
    with pytest.raises(SoldOut):
        place_order(event=ticket.event, request=OrderRequest(email=place.email, places=(place,)))


def test_more_places_go_to_those_who_wait(ticket):
    entries = [wait(ticket, name) for name in ("Ana", "Bo", "Cy")]
    ticket.refresh_from_db()
    ticket.capacity = 3
    save_ticket(ticket=ticket, changed=["capacity"])
    assert (states(*entries), taken(ticket)) == (["offered", "offered", "waiting"], 3)


def test_a_place_whose_proof_did_not_come_in_time_is_offered():
    ticket = make_ticket(make_event(), capacity=1)
    make_registration(ticket, confirmed_at=None, hold_expires_at=timezone.now() + HOUR)
    entry = wait(ticket)
    release_ticket_holds([ticket.pk], at=timezone.now() + 2 * HOUR)
    assert (states(entry), taken(ticket)) == (["offered"], 1)


def test_an_address_waits_once_whatever_its_capitals(ticket):
    first = wait(ticket)
    again = join_ticket_list(
        ticket=ticket, request=WaitingRequest(first_name="X", last_name="Y", email="ANA@example.org")
    )
    assert (again, WaitingEntry.objects.count()) == (first, 1)


def test_there_is_no_waiting_where_places_are_left_or_registration_is_closed(ticket):
    with pytest.raises(PlacesLeft):
        wait(make_ticket(ticket.event, slug="other"))
    ticket.event.registration_closes_at = timezone.now()
    ticket.event.save()
    with pytest.raises(NotOpenNow):
        wait(ticket)


@pytest.mark.parametrize(("field", "value"), [("email", "no address"), ("email", ""), ("first_name", " ")])
def test_bad_words_are_told_at_their_field(ticket, field, value):
    given = {"first_name": "Ana", "last_name": "Silva", "email": "ana@example.org", field: value}
    with pytest.raises(InvalidFields) as error:
        join_ticket_list(ticket=ticket, request=WaitingRequest(**given))
    assert list(error.value.field_errors) == [field]


def test_accepting_makes_an_order_once(ticket):
    entry = wait(ticket, company="Acme")
    free_one(ticket)
    order = accept_ticket_offer(entry=entry)
    assert accept_ticket_offer(entry=entry) == order
    [registration] = order.registrations.all()
    assert (registration.state, registration.name, registration.company) == ("confirmed", "Ana Silva", "Acme")
    assert (states(entry), taken(ticket), order.source) == (["accepted"], 1, "waiting")


def test_what_ran_out_cannot_be_accepted_even_before_it_is_passed_on(ticket):
    entry = wait(ticket)
    with pytest.raises(NoActiveOffer):
        accept_ticket_offer(entry=entry)
    free_one(ticket)
    run_out(entry)
    with pytest.raises(NoActiveOffer):
        accept_ticket_offer(entry=entry)
    entry.refresh_from_db()
    with pytest.raises(NoActiveOffer):
        decline_offer(entry=entry)


def test_an_offer_made_before_the_sale_closed_is_kept(ticket):
    entry = wait(ticket)
    free_one(ticket)
    Ticket.objects.filter(pk=ticket.pk).update(closes_at=timezone.now())
    ticket.event.registration_closes_at = timezone.now()
    ticket.event.save()
    assert accept_ticket_offer(entry=entry).registrations.get().state == "confirmed"


def members_ticket(**fields) -> Ticket:
    ticket = make_ticket(make_event(), slug="member", audience="member", capacity=1, **fields)
    make_registration(ticket)
    return ticket


def test_members_are_served_and_others_passed_over_with_the_reason():
    ticket = members_ticket(company_cap=1)
    full, member = make_member(), make_member()
    CompanyShare.objects.create(ticket=ticket, company=full.employments.get().company, reserved=1)
    people = ["stranger@example.org", full.email, member.email]
    entries = [
        join_ticket_list(ticket=ticket, request=WaitingRequest(first_name="A", last_name="B", email=email))
        for email in people
    ]
    free_one(ticket)
    assert states(*entries) == ["waiting", "waiting", "offered"]
    reasons = [WaitingEntry.objects.get(pk=entry.pk).skip_reason for entry in entries]
    assert reasons == ["not_a_member", "company_full", ""]
    registration = accept_ticket_offer(entry=entries[2]).registrations.get()
    assert (registration.person, registration.state) == (member, "confirmed")


def test_a_company_is_not_offered_more_than_it_may_have():
    ticket, company = members_ticket(company_cap=1), make_company()
    entries = [
        join_ticket_list(
            ticket=ticket,
            request=WaitingRequest(first_name="A", last_name="B", email=make_member(company).email),
        )
        for _each in range(2)
    ]
    Ticket.objects.filter(pk=ticket.pk).update(capacity=3)
    process_waiting_lists()
    assert states(*entries) == ["offered", "waiting"]


def test_who_is_a_member_no_more_cannot_accept():
    ticket, member = members_ticket(), make_member()
    entry = join_ticket_list(
        ticket=ticket, request=WaitingRequest(first_name="A", last_name="B", email=member.email)
    )
    free_one(ticket)
    member.employments.update(ends_on=datetime.date(2021, 1, 1))
    with pytest.raises(NotAMember):
        accept_ticket_offer(entry=entry)
    assert (states(entry), taken(ticket)) == (["offered"], 1)


def test_the_hours_of_an_event_are_its_organizers_choice(ticket):
    set_offer_hours(event=ticket.event, offer_hours=2)
    entry = wait(ticket)
    free_one(ticket)
    entry.refresh_from_db()
    assert entry.offer_expires_at - entry.offered_at == 2 * HOUR


def test_by_hand_an_organizer_holds_back_lets_on_and_offers_out_of_turn(ticket):
    first, second = wait(ticket, "Ana"), wait(ticket, "Bo")
    free_one(ticket)
    pause_waiting_entry(entry=first)
    assert states(first, second) == ["waiting", "offered"]
    with pytest.raises(SoldOut):
        offer_place_now(entry=first)
    resume_waiting_entry(entry=first)
    leave_waiting_list(entry=second)
    assert states(first, second) == ["offered", "left"]
    third = wait(ticket, "Cy")
    Ticket.objects.filter(pk=ticket.pk).update(capacity=2)
    offer_place_now(entry=third, reason="Oratrice")
    assert (states(third), taken(ticket)) == (["offered"], 2)


def seats_story():
    """A session with one seat, booked by the first of three people."""
    event = make_event()
    ticket = make_ticket(event)
    session = make_session(event, "Atelier", capacity=1, is_bookable=True)
    people = [make_registration(ticket, email=f"p{number}@example.org") for number in range(3)]
    book_session(registration=people[0], session=session)
    return session, people


def test_a_seat_is_offered_and_swapped_where_it_clashes():
    session, (first, second, third) = seats_story()
    other = make_session(session.event, "Autre", is_bookable=True)
    book_session(registration=second, session=other)
    entry = join_session_list(registration=second, session=session)
    leave_session(registration=first, session=session)
    with pytest.raises(SoldOut):
        book_session(registration=third, session=session)
    with pytest.raises(SessionConflict):
        accept_session_offer(entry=entry)
    seat = accept_session_offer(entry=entry, given_up=[other])
    session.refresh_from_db()
    assert (seat.session, session.reserved, states(entry)) == (session, 1, ["accepted"])


def test_more_seats_go_to_those_who_wait_before_a_newcomer():
    session, (_first, second, third) = seats_story()
    entry = join_session_list(registration=second, session=session)
    type(session).objects.filter(pk=session.pk).update(capacity=2)
    with pytest.raises(SoldOut):
        book_session(registration=third, session=session)
    process_waiting_lists()
    assert states(entry) == ["offered"]


def mails(mailoutbox) -> list[tuple[str, str]]:
    found = [(message.to[0], message.subject) for message in mailoutbox]
    mailoutbox.clear()
    return found


def test_mails_say_where_one_stands_in_the_readers_language(ticket, run_tasks, mailoutbox):
    first, second = wait(ticket, "Ana"), wait(ticket, "Bo", language="en")
    run_tasks()
    assert "Numéro 1 sur la liste d’attente" in mailoutbox[0].body
    assert "You are number 2 on the waiting list" in mailoutbox[1].body
    assert f"/en/waiting/{second.link_token}/" in mailoutbox[1].body
    assert mails(mailoutbox) == [
        ("ana@example.org", "Sur la liste d’attente\u202f: Invité, La Convention"),
        ("bo@example.org", "On the waiting list: Guest, The Convention"),
    ]
    free_one(ticket)
    run_out(first)
    process_waiting_lists()
    run_tasks()
    subjects = dict(mails(mailoutbox))
    assert subjects["ana@example.org"] == "Proposition expirée\u202f: Invité, La Convention"
    assert subjects["bo@example.org"] == "A place for you: Guest, The Convention"


def test_the_mail_of_a_seat_comes_once(run_tasks, mailoutbox):
    session, (first, second, _third) = seats_story()
    run_tasks()
    mailoutbox.clear()
    entry = join_session_list(registration=second, session=session)
    leave_session(registration=first, session=session)
    accept_session_offer(entry=entry)
    run_tasks()
    run_tasks()
    assert mails(mailoutbox) == [("p1@example.org", "Votre place est réservée\u202f: Atelier")]


def test_the_pages_from_full_to_registered(client, ticket, run_tasks, mailoutbox):
    Ticket.objects.filter(pk=ticket.pk).update(price=12_000)
    assert "/en/events/congress/waiting/guest/" in client.get("/en/events/congress/").text
    page = "/en/events/congress/waiting/guest/"
    answer = client.post(page, {"first_name": "Ana", "last_name": "Silva", "email": "nowhere"})
    assert "Enter a valid e-mail address" in answer.text
    answer = client.post(
        page, {"first_name": "Ana", "last_name": "Silva", "email": "ana@example.org", "language": "en"}
    )
    entry = WaitingEntry.objects.get()
    assert entry.link_token not in answer.text
    assert "ana@example.org" in answer.text
    own = f"/en/waiting/{entry.link_token}/"
    assert "Number 1 on the waiting list" in client.get(own).text
    free_one(ticket)
    assert "A place is available for you" in client.get(own).text
    assert "Enter the city." in client.post(own, {"accept": "1", **BILLED, "billing_city": ""}).text
    answer = client.post(own, {"accept": "1", **BILLED})
    entry.refresh_from_db()
    assert (answer["Location"], entry.order.purchase_order) == (entry.order.manage_path, "PO-7")
    assert client.get(own)["Location"] == entry.order.manage_path


def test_an_offer_says_the_price_that_is_booked(client, ticket):
    Ticket.objects.update(price=12_000)
    PriceStep.objects.create(ticket=ticket, price=9_000, ends_at=ticket.event.starts_at)
    entry = join_ticket_list(ticket=ticket, request=wish())
    cancel_registration(registration=Registration.objects.get())
    own = f"/en/waiting/{entry.link_token}/"
    assert "Register for €90" in client.get(own).text
    client.post(own, {"accept": "1", **BILLED})
    assert Registration.objects.get(cancelled_at=None).price == 9_000


def test_one_leaves_and_declines_by_the_link(client, ticket):
    entry, other = wait(ticket), wait(ticket, "Bo")
    client.post(f"/waiting/{entry.link_token}/leave/")
    free_one(ticket)
    client.post(f"/waiting/{other.link_token}/", {"decline": "1"})
    assert states(entry, other) == ["left", "declined"]
    assert client.get("/waiting/forged/").status_code == 404


def test_organizers_see_positions_act_and_export(client, ticket):
    first, second = wait(ticket, "Ana"), wait(ticket, "Bo", company="=Evil")
    client.force_login(make_staff(ticket.event))
    text = client.get("/en/organize/congress/waiting/").text
    assert "1. Ana Silva" in text
    assert "2. Bo Silva" in text
    client.post(f"/organize/congress/waiting/{first.pk}/", {"act": "remove", "reason": "Doublon"})
    answer = client.post(f"/organize/congress/waiting/{second.pk}/", {"act": "dance"}, follow=True)
    assert states(first, second) == ["left", "waiting"]
    assert "Choisissez une action" in answer.text
    rows = list(
        csv.reader(io.StringIO(client.get("/en/organize/congress/waiting.csv").content.decode("utf-8-sig")))
    )
    assert [row[:6] for row in rows[1:]] == [
        ["Guest", "1", "Bo Silva", "bo@example.org", "'=Evil", "waiting"],
        ["Guest", "", "Ana Silva", "ana@example.org", "", "left"],
    ]
    assert client.get("/organize/congress/waiting.xlsx").content[:2] == b"PK"
    client.post("/organize/congress/waiting/", {"offer_hours": "3"})
    assert 'value="3"' in client.get("/organize/congress/waiting/").text
    assert "errorlist" in client.post("/organize/congress/waiting/", {"offer_hours": "0"}).text


def test_who_joins_again_while_a_place_is_offered_gets_the_offer_again(ticket, run_tasks, mailoutbox):
    entry = wait(ticket)
    free_one(ticket)
    run_tasks()
    offers = [mail for mail in mailoutbox if "place pour vous" in mail.subject]
    assert (len(offers), states(entry)) == (1, ["offered"])
    assert wait(ticket) == entry
    run_tasks()
    again = [mail for mail in mailoutbox if "place pour vous" in mail.subject]
    assert [mail.to for mail in again] == [["ana@example.org"]] * 2
    assert again[0].body == again[1].body
