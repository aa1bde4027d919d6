"""Waiting lists: joining, expiry and acceptance of offers, and actions of organizers."""

import csv
import datetime
import io
import re

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
from registrations.waiting_list.end_waiting import NoActiveOffer, decline_offer, leave_waiting_list
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
BILLING_FIELDS = {
    "billing_name": "Acme", "billing_street": "1 rue A", "billing_postcode": "75001",
    "billing_city": "Paris", "billing_country": "FR", "purchase_order": "PO-7",
}  # fmt: skip


@pytest.fixture
def ticket() -> Ticket:
    """Return a guest ticket whose only place is taken."""
    event = make_event(slug="congress", name="La Convention", name_en="The Convention")
    ticket = make_ticket(event, name="Invité", name_en="Guest", capacity=1)
    make_registration(ticket, email="first@example.org")
    return ticket


def make_waiting_request(name: str = "Ana", **fields) -> WaitingRequest:
    return WaitingRequest(first_name=name, last_name="Silva", email=f"{name.lower()}@example.org", **fields)


def join_list(ticket: Ticket, name: str = "Ana", **fields) -> WaitingEntry:
    return join_ticket_list(ticket=ticket, request=make_waiting_request(name, **fields))


def cancel_first_registration(ticket: Ticket) -> None:
    cancel_registration(registration=Registration.objects.confirmed().filter(ticket=ticket).first())


def states(*entries: WaitingEntry) -> list[str]:
    return [WaitingEntry.objects.get(pk=entry.pk).state for entry in entries]


def count_reserved(ticket: Ticket) -> int:
    return Ticket.objects.get(pk=ticket.pk).reserved


def end_offer_period(entry: WaitingEntry) -> None:
    """Let the deadline of the offer pass."""
    WaitingEntry.objects.filter(pk=entry.pk).update(offer_expires_at=timezone.now())


def test_freed_place_is_offered_in_order_after_expiry_decline_and_leaving(ticket):
    first, second, third = (join_list(ticket, name) for name in ("Ana", "Bo", "Cy"))
    cancel_first_registration(ticket)
    assert (states(first, second, third), count_reserved(ticket)) == (["offered", "waiting", "waiting"], 1)
    end_offer_period(first)
    process_waiting_lists()
    assert (states(first, second, third), count_reserved(ticket)) == (["expired", "offered", "waiting"], 1)
    second.refresh_from_db()
    decline_offer(entry=second)
    assert (states(second, third), count_reserved(ticket)) == (["declined", "offered"], 1)
    leave_waiting_list(entry=third)
    assert (states(third), count_reserved(ticket)) == (["left"], 0)


def test_offered_place_cannot_be_ordered_by_newcomer(ticket):
    join_list(ticket)
    cancel_first_registration(ticket)
    place = RequestedPlace(ticket="guest", first_name="N", last_name="N", email="new@example.org")
    with pytest.raises(SoldOut):
        place_order(event=ticket.event, request=OrderRequest(email=place.email, places=(place,)))


def test_added_capacity_is_offered_to_waiting_list(ticket):
    entries = [join_list(ticket, name) for name in ("Ana", "Bo", "Cy")]
    ticket.refresh_from_db()
    ticket.capacity = 3
    save_ticket(ticket=ticket, changed=["capacity"])
    assert (states(*entries), count_reserved(ticket)) == (["offered", "offered", "waiting"], 3)


def test_place_of_expired_hold_is_offered_to_waiting_list():
    ticket = make_ticket(make_event(), capacity=1)
    make_registration(ticket, confirmed_at=None, hold_expires_at=timezone.now() + HOUR)
    entry = join_list(ticket)
    release_ticket_holds([ticket.pk], at=timezone.now() + 2 * HOUR)
    assert (states(entry), count_reserved(ticket)) == (["offered"], 1)


def test_address_joins_once_regardless_of_case(ticket):
    first = join_list(ticket)
    again = join_ticket_list(
        ticket=ticket, request=WaitingRequest(first_name="X", last_name="Y", email="ANA@example.org")
    )
    assert (again, WaitingEntry.objects.count()) == (first, 1)


def test_joining_is_refused_if_places_are_left_or_registration_is_closed(ticket):
    with pytest.raises(PlacesLeft):
        join_list(make_ticket(ticket.event, slug="other"))
    ticket.event.registration_closes_at = timezone.now()
    ticket.event.save()
    with pytest.raises(NotOpenNow):
        join_list(ticket)


@pytest.mark.parametrize(("field", "value"), [("email", "no address"), ("email", ""), ("first_name", " ")])
def test_invalid_input_is_reported_at_its_field(ticket, field, value):
    given = {"first_name": "Ana", "last_name": "Silva", "email": "ana@example.org", field: value}
    with pytest.raises(InvalidFields) as error:
        join_ticket_list(ticket=ticket, request=WaitingRequest(**given))
    assert list(error.value.field_errors) == [field]


def test_accepting_offer_twice_creates_one_order(ticket):
    entry = join_list(ticket, company="Acme")
    cancel_first_registration(ticket)
    order = accept_ticket_offer(entry=entry)
    assert accept_ticket_offer(entry=entry) == order
    [registration] = order.registrations.all()
    assert (registration.state, registration.name, registration.company) == ("confirmed", "Ana Silva", "Acme")
    assert (states(entry), count_reserved(ticket), order.source) == (["accepted"], 1, "waiting")


def test_expired_offer_cannot_be_accepted_or_declined(ticket):
    entry = join_list(ticket)
    with pytest.raises(NoActiveOffer):
        accept_ticket_offer(entry=entry)
    cancel_first_registration(ticket)
    end_offer_period(entry)
    with pytest.raises(NoActiveOffer):
        accept_ticket_offer(entry=entry)
    entry.refresh_from_db()
    with pytest.raises(NoActiveOffer):
        decline_offer(entry=entry)


def test_offer_can_be_accepted_after_sale_closed(ticket):
    entry = join_list(ticket)
    cancel_first_registration(ticket)
    Ticket.objects.filter(pk=ticket.pk).update(closes_at=timezone.now())
    ticket.event.registration_closes_at = timezone.now()
    ticket.event.save()
    assert accept_ticket_offer(entry=entry).registrations.get().state == "confirmed"


def make_members_ticket(**fields) -> Ticket:
    ticket = make_ticket(make_event(), slug="member", audience="member", capacity=1, **fields)
    make_registration(ticket)
    return ticket


def test_ineligible_entries_are_skipped_with_reason():
    ticket = make_members_ticket(company_cap=1)
    full, member = make_member(), make_member()
    CompanyShare.objects.create(ticket=ticket, company=full.employments.get().company, reserved=1)
    people = ["stranger@example.org", full.email, member.email]
    entries = [
        join_ticket_list(ticket=ticket, request=WaitingRequest(first_name="A", last_name="B", email=email))
        for email in people
    ]
    cancel_first_registration(ticket)
    assert states(*entries) == ["waiting", "waiting", "offered"]
    reasons = [WaitingEntry.objects.get(pk=entry.pk).skip_reason for entry in entries]
    assert reasons == ["not_a_member", "company_full", ""]
    registration = accept_ticket_offer(entry=entries[2]).registrations.get()
    assert (registration.person, registration.state) == (member, "confirmed")


def test_offers_respect_company_cap():
    ticket, company = make_members_ticket(company_cap=1), make_company()
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


def test_former_member_cannot_accept_offer():
    ticket, member = make_members_ticket(), make_member()
    entry = join_ticket_list(
        ticket=ticket, request=WaitingRequest(first_name="A", last_name="B", email=member.email)
    )
    cancel_first_registration(ticket)
    member.employments.update(ends_on=datetime.date(2021, 1, 1))
    with pytest.raises(NotAMember):
        accept_ticket_offer(entry=entry)
    assert (states(entry), count_reserved(ticket)) == (["offered"], 1)


def test_organizer_sets_offer_duration(ticket):
    set_offer_hours(event=ticket.event, offer_hours=2)
    entry = join_list(ticket)
    cancel_first_registration(ticket)
    entry.refresh_from_db()
    assert entry.offer_expires_at - entry.offered_at == 2 * HOUR


def test_organizer_pauses_resumes_and_offers_out_of_order(ticket):
    first, second = join_list(ticket, "Ana"), join_list(ticket, "Bo")
    cancel_first_registration(ticket)
    pause_waiting_entry(entry=first)
    assert states(first, second) == ["waiting", "offered"]
    with pytest.raises(SoldOut):
        offer_place_now(entry=first)
    resume_waiting_entry(entry=first)
    leave_waiting_list(entry=second)
    assert states(first, second) == ["offered", "left"]
    third = join_list(ticket, "Cy")
    Ticket.objects.filter(pk=ticket.pk).update(capacity=2)
    offer_place_now(entry=third, reason="Oratrice")
    assert (states(third), count_reserved(ticket)) == (["offered"], 2)


def make_booked_session():
    """Return a session with one place and three registrations, the first of which booked it."""
    event = make_event()
    ticket = make_ticket(event)
    session = make_session(event, "Atelier", capacity=1, is_bookable=True)
    people = [make_registration(ticket, email=f"p{number}@example.org") for number in range(3)]
    book_session(registration=people[0], session=session)
    return session, people


def test_session_offer_is_accepted_in_exchange_for_conflicting_session():
    session, (first, second, third) = make_booked_session()
    other = make_session(session.event, "Autre", is_bookable=True)
    book_session(registration=second, session=other)
    entry = join_session_list(registration=second, session=session)
    leave_session(registration=first, session=session)
    with pytest.raises(SoldOut):
        book_session(registration=third, session=session)
    with pytest.raises(SessionConflict):
        accept_session_offer(entry=entry)
    seat = accept_session_offer(entry=entry, replaced_sessions=[other])
    session.refresh_from_db()
    assert (seat.session, session.reserved, states(entry)) == (session, 1, ["accepted"])


def test_added_session_capacity_is_offered_to_waiting_list_first():
    session, (_first, second, third) = make_booked_session()
    entry = join_session_list(registration=second, session=session)
    type(session).objects.filter(pk=session.pk).update(capacity=2)
    with pytest.raises(SoldOut):
        book_session(registration=third, session=session)
    process_waiting_lists()
    assert states(entry) == ["offered"]


def pop_mails(mailoutbox) -> list[tuple[str, str]]:
    found = [(message.to[0], message.subject) for message in mailoutbox]
    mailoutbox.clear()
    return found


def test_mails_state_position_in_language_of_recipient(ticket, run_tasks, mailoutbox):
    first, second = join_list(ticket, "Ana"), join_list(ticket, "Bo", language="en")
    run_tasks()
    assert "Numéro 1 sur la liste d’attente" in mailoutbox[0].body
    assert "You are number 2 on the waiting list" in mailoutbox[1].body
    assert f"/en/waiting/{second.link_token}/" in mailoutbox[1].body
    assert pop_mails(mailoutbox) == [
        ("ana@example.org", "Sur la liste d’attente\u202f: Invité, La Convention"),
        ("bo@example.org", "On the waiting list: Guest, The Convention"),
    ]
    cancel_first_registration(ticket)
    end_offer_period(first)
    process_waiting_lists()
    run_tasks()
    subjects = dict(pop_mails(mailoutbox))
    assert subjects["ana@example.org"] == "Proposition expirée\u202f: Invité, La Convention"
    assert subjects["bo@example.org"] == "A place for you: Guest, The Convention"


def test_accepted_session_offer_is_mailed_once(run_tasks, mailoutbox):
    session, (first, second, _third) = make_booked_session()
    run_tasks()
    mailoutbox.clear()
    entry = join_session_list(registration=second, session=session)
    leave_session(registration=first, session=session)
    accept_session_offer(entry=entry)
    run_tasks()
    run_tasks()
    assert pop_mails(mailoutbox) == [("p1@example.org", "Votre place est réservée\u202f: Atelier")]


def test_waiting_list_pages_lead_from_full_ticket_to_order(client, ticket, run_tasks, mailoutbox):
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
    cancel_first_registration(ticket)
    assert "A place is available for you" in client.get(own).text
    assert "Enter the city." in client.post(own, {"accept": "1", **BILLING_FIELDS, "billing_city": ""}).text
    answer = client.post(own, {"accept": "1", **BILLING_FIELDS})
    entry.refresh_from_db()
    assert (answer["Location"], entry.order.purchase_order) == (entry.order.manage_path, "PO-7")
    assert client.get(own)["Location"] == entry.order.manage_path


def test_offer_page_shows_price_that_is_booked(client, ticket):
    Ticket.objects.update(price=12_000)
    PriceStep.objects.create(ticket=ticket, price=9_000, ends_at=ticket.event.starts_at)
    entry = join_ticket_list(ticket=ticket, request=make_waiting_request())
    cancel_registration(registration=Registration.objects.get())
    own = f"/en/waiting/{entry.link_token}/"
    assert "Register for €90" in client.get(own).text
    client.post(own, {"accept": "1", **BILLING_FIELDS})
    assert Registration.objects.get(cancelled_at=None).price == 9_000


def test_waiting_list_form_states_early_bird_price_and_what_follows(client, ticket):
    Ticket.objects.update(price=12_000)
    PriceStep.objects.create(ticket=ticket, price=9_000, ends_at=ticket.event.starts_at)

    text = client.get("/en/events/congress/waiting/guest/").text

    assert re.search(r"you pay the price of the day you accept it: €90 until [^<]+, then €120\.", text)


def test_waiting_list_form_of_ticket_with_places_left_leads_to_registration(client, ticket):
    Ticket.objects.update(capacity=2)

    page = client.get("/en/events/congress/waiting/guest/", follow=True)

    assert page.redirect_chain[0][0] == "/en/events/congress/register/"
    assert "There are places left for “Guest”, so you can book one directly." in page.text


def test_waiting_list_form_of_ticket_no_longer_on_sale_leads_to_event(client, ticket):
    Ticket.objects.update(closes_at=timezone.now())

    page = client.get("/en/events/congress/waiting/guest/", follow=True)

    assert page.redirect_chain[0][0] == "/en/events/congress/"
    assert "Places for “Guest” are no longer available." in page.text


def test_waiting_list_form_before_registration_opens_says_when_it_does(client, ticket):
    opens_at = timezone.now() + datetime.timedelta(days=2)
    ticket.event.registration_opens_at = opens_at
    ticket.event.save()

    page = client.get("/en/events/congress/waiting/guest/", follow=True)

    assert "Registration opens on" in page.text


def test_waiting_list_is_left_and_offer_declined_by_mailed_link(client, ticket):
    entry, other = join_list(ticket), join_list(ticket, "Bo")
    client.post(f"/waiting/{entry.link_token}/leave/")
    cancel_first_registration(ticket)
    client.post(f"/waiting/{other.link_token}/", {"decline": "1"})
    assert states(entry, other) == ["left", "declined"]
    assert client.get("/waiting/forged/").status_code == 404


def test_organizers_see_positions_remove_entries_and_export(client, ticket):
    first, second = join_list(ticket, "Ana"), join_list(ticket, "Bo", company="=Evil")
    client.force_login(make_staff(ticket.event))
    text = client.get("/en/organize/congress/waiting/").text
    assert "1. Ana Silva" in text
    assert "2. Bo Silva" in text
    client.post(f"/organize/congress/waiting/{first.pk}/", {"action": "remove", "reason": "Doublon"})
    answer = client.post(f"/organize/congress/waiting/{second.pk}/", {"action": "dance"}, follow=True)
    assert states(first, second) == ["left", "waiting"]
    assert "Choisissez une action" in answer.text
    rows = list(
        csv.reader(io.StringIO(client.get("/en/organize/congress/waiting.csv").content.decode("utf-8-sig")))
    )
    assert [row[:6] for row in rows[1:]] == [
        ["Guest", "1", "Bo Silva", "bo@example.org", "'=Evil", "waiting"],
        ["Guest", "", "Ana Silva", "ana@example.org", "", "left the list"],
    ]
    assert client.get("/organize/congress/waiting.xlsx").content[:2] == b"PK"
    client.post("/organize/congress/waiting/", {"offer_hours": "3"})
    assert 'value="3"' in client.get("/organize/congress/waiting/").text
    for too_few in ("-7", "0"):
        page = client.post("/organize/congress/waiting/", {"offer_hours": too_few})
        assert page.context["form"].errors == {"offer_hours": ["Indiquez 1 ou plus."]}


def test_joining_again_during_offer_sends_offer_again(ticket, run_tasks, mailoutbox):
    entry = join_list(ticket)
    cancel_first_registration(ticket)
    run_tasks()
    offers = [mail for mail in mailoutbox if "place s’est libérée" in mail.subject]
    assert (len(offers), states(entry)) == (1, ["offered"])
    assert join_list(ticket) == entry
    run_tasks()
    again = [mail for mail in mailoutbox if "place s’est libérée" in mail.subject]
    assert [mail.to for mail in again] == [["ana@example.org"]] * 2
    assert again[0].body == again[1].body


def test_entry_of_attendee_without_company_begins_with_its_date(client, ticket):
    registration = make_registration(make_ticket(ticket.event, slug="other"), company="")
    session = make_session(ticket.event, is_bookable=True, capacity=1)
    WaitingEntry.objects.create(event=ticket.event, session=session, registration=registration)
    client.force_login(make_staff(ticket.event))

    text = client.get("/en/organize/congress/waiting/").text

    assert '<p class="small muted">joined' in text
