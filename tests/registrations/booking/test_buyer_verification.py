"""Orders on invoice that are held until the buyer opens the mailed link."""

import datetime

import pytest
from django.utils import timezone

from convention.audit.models import AuditEntry
from convention.errors import NotFound, NotOpenNow, SoldOut
from convention.events.models import Event
from convention.tables.files import read_table
from registrations.booking.accept_offer import accept_ticket_offer
from registrations.booking.join_waiting_list import WaitingRequest, join_ticket_list
from registrations.booking.place_order import place_order
from registrations.booking.verification import (
    AddressVerification,
    NotAMember,
    load_verification,
    make_verification_token,
    verify_address,
    vouch_for_order,
)
from registrations.changes.cancel import cancel_registration
from registrations.changes.correct import CORRECTABLE_FIELDS, Correction, correct_registration
from registrations.changes.resend import resend_verification_mail
from registrations.import_export.import_registrations import import_registrations
from registrations.models import Order, Ticket, WaitingEntry
from registrations.order_context import OrderContext
from registrations.order_request import OrderRequest, RequestedPlace
from registrations.periodic_jobs import release_expired_holds
from tests.buyer_verification import by_verified, open_link
from tests.factories import (
    make_account,
    make_addon,
    make_contact,
    make_event,
    make_member,
    make_order,
    make_person,
    make_question,
    make_registration,
    make_ticket,
    make_voucher,
)

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


def place(ticket: str = "guest", email: str = "zoe@example.org", **fields) -> RequestedPlace:
    return RequestedPlace(ticket=ticket, first_name="Zoé", last_name="Müller", email=email, **fields)


def ordered(event: Event, *places: RequestedPlace, context: OrderContext | None = None, **fields) -> Order:
    request = OrderRequest(**{"email": "zoe@example.org", "places": places or (place(),), **fields})
    return place_order(event=event, request=request, context=context or OrderContext())


def states(order: Order) -> list[str]:
    return [registration.state for registration in order.registrations.order_by("pk")]


def lapse(order: Order) -> None:
    """Let a day pass without the link being opened."""
    order.registrations.update(hold_expires_at=timezone.now() - datetime.timedelta(minutes=1))
    release_expired_holds()


@pytest.fixture
def event() -> Event:
    event = make_event()
    make_ticket(event, price=12_000, capacity=3)
    return event


# --- who is confirmed at once ---------------------------------------------------------------------------


def test_an_order_on_invoice_is_held_for_a_day_and_takes_its_place(event: Event):
    order = ordered(event)
    registration = order.registrations.get()
    assert states(order) == ["pending"]
    assert registration.hold_expires_at >= timezone.now() + DAY - datetime.timedelta(minutes=1)
    assert Ticket.objects.get().reserved == 1


@pytest.mark.parametrize("hours", [24, 72])
def test_how_long_is_a_setting(event: Event, settings, hours: int):
    settings.UNVERIFIED_HOLD_HOURS = hours
    held = ordered(event).registrations.get().hold_expires_at - timezone.now()
    assert abs(held - datetime.timedelta(hours=hours)) < datetime.timedelta(minutes=1)


def test_what_costs_nothing_is_confirmed_at_once_also_on_invoice():
    event = make_event()
    make_ticket(event)
    order = ordered(event, payment="invoice")
    assert (order.payment, states(order)) == ("free", ["confirmed"])


def test_by_card_the_payment_alone_confirms(event: Event):
    order = ordered(event, payment="card")
    assert not order.needs_verification
    assert states(order) == ["pending"]
    assert order.registrations.get().hold_expires_at < timezone.now() + datetime.timedelta(minutes=31)


def test_somebody_signed_in_with_a_verified_address_is_confirmed_at_once(event: Event):
    assert states(ordered(event, context=OrderContext(source="page", person=make_account()))) == ["confirmed"]
    assert states(ordered(event, context=OrderContext(source="api", person=make_account()))) == ["confirmed"]


def test_somebody_signed_in_whose_address_was_never_verified_is_not(event: Event):
    assert states(ordered(event, context=OrderContext(person=make_person()))) == ["pending"]


def test_a_companys_contact_is_confirmed_at_once(event: Event):
    contact = make_contact()
    context = OrderContext(source="company", person=contact, company=contact.employments.get().company)
    assert states(ordered(event, context=context)) == ["confirmed"]


def test_an_accepted_offer_of_the_waiting_list_is_confirmed_at_once(event: Event):
    Ticket.objects.update(capacity=1)
    taken = ordered(event, context=by_verified())
    wish = WaitingRequest(first_name="Ana", last_name="Silva", email="ana@example.org")
    entry = join_ticket_list(ticket=Ticket.objects.get(), request=wish)
    cancel_registration(registration=taken.registrations.get())
    order = accept_ticket_offer(entry=WaitingEntry.objects.get(pk=entry.pk))
    assert (order.total, states(order)) == (12_000, ["confirmed"])


# --- opening the link -----------------------------------------------------------------------------------


def test_the_link_confirms_the_whole_order(event: Event):
    order = ordered(event, place(), place(email="bob@example.org"))
    verified = open_link(order)
    assert states(order) == ["confirmed", "confirmed"]
    assert verified.verified_at is not None
    assert Ticket.objects.get().reserved == 2
    event.refresh_from_db()
    assert set(order.registrations.values_list("sequence", flat=True)) == {event.sequence}


def test_opening_the_link_twice_changes_nothing(event: Event):
    order = open_link(ordered(event))
    confirmed = order.registrations.get().confirmed_at
    assert open_link(order).verified_at == order.verified_at
    assert order.registrations.get().confirmed_at == confirmed
    assert Ticket.objects.get().reserved == 1


def test_the_audit_trail_says_how_it_was_confirmed(event: Event):
    open_link(ordered(event))
    verbs = set(AuditEntry.objects.values_list("verb", flat=True))
    assert {"order.verify", "order.confirm"} <= verbs


def test_a_link_to_another_address_of_the_order_confirms_nothing(event: Event):
    order = ordered(event, place(email="bob@example.org"))
    verify_address(order=order, address="bob@example.org")
    assert states(order) == ["pending"]
    with pytest.raises(NotFound):
        load_verification(make_verification_token(order, "bob@example.org"))


def test_the_link_of_an_address_that_was_corrected_is_void(event: Event):
    order = ordered(event)
    token = make_verification_token(order, order.email)
    Order.objects.update(email="other@example.org")
    with pytest.raises(NotFound):
        load_verification(token)


def test_a_cancelled_order_has_no_link_any_more(event: Event):
    order = ordered(event)
    cancel_registration(registration=order.registrations.get())
    with pytest.raises(NotFound):
        load_verification(make_verification_token(order, order.email))


# --- when the day is over -------------------------------------------------------------------------------


def test_all_that_was_held_is_free_after_a_day_and_taken_again_by_the_link():
    event = make_event()
    ticket = make_ticket(event, price=12_000, capacity=3)
    dinner, voucher = make_addon(event, capacity=2), make_voucher(event)
    make_question(event, "meal", [("fish", 2)])
    order = ordered(event, place(addons=("dinner",), answers={"meal": "fish"}), code="HALF")
    option = event.questions.get().options.get()

    def taken() -> list[int]:
        return [type(row).objects.get(pk=row.pk).reserved for row in (ticket, dinner, voucher, option)]

    assert taken() == [1, 1, 1, 1]
    lapse(order)
    assert (states(order), taken()) == (["expired"], [0, 0, 0, 0])
    open_link(order)
    assert (states(order), taken()) == (["confirmed"], [1, 1, 1, 1])


def test_what_lapses_is_offered_to_those_who_wait(event: Event):
    Ticket.objects.update(capacity=1)
    order = ordered(event)
    wish = WaitingRequest(first_name="Ana", last_name="Silva", email="ana@example.org")
    entry = join_ticket_list(ticket=Ticket.objects.get(), request=wish)
    lapse(order)
    entry.refresh_from_db()
    assert entry.has_offer()
    with pytest.raises(SoldOut):
        open_link(order)
    assert states(order) == ["expired"]


def test_a_late_link_finds_registration_closed(event: Event):
    order = ordered(event)
    lapse(order)
    Event.objects.update(registration_closes_at=timezone.now())
    with pytest.raises(NotOpenNow):
        open_link(order)
    order.refresh_from_db()
    assert (states(order), order.verified_at) == (["expired"], None)


def test_a_place_still_held_is_confirmed_after_registration_closed(event: Event):
    order = ordered(event)
    Event.objects.update(registration_closes_at=timezone.now())
    open_link(order)
    assert states(order) == ["confirmed"]


# --- with members ---------------------------------------------------------------------------------------


@pytest.fixture
def members(event: Event) -> Event:
    make_ticket(event, slug="member", audience="member", price=20_000)
    return event


def test_one_link_proves_the_member_and_verifies_the_buyer(members: Event):
    member = make_member(email="zoe@example.org")
    order = ordered(members, place("member"), place(email="bob@example.org"))
    open_link(order)
    assert states(order) == ["confirmed", "confirmed"]
    assert order.registrations.get(ticket__slug="member").person == member


def test_a_colleague_proves_their_own_place_and_the_buyer_the_order(members: Event):
    make_member(email="bob@example.org")
    order = ordered(members, place("member", "bob@example.org"), place())
    verify_address(order=order, address="bob@example.org")
    assert states(order) == ["pending", "pending"]
    open_link(order)
    assert states(order) == ["confirmed", "confirmed"]


def test_the_buyer_first_and_the_colleague_then(members: Event):
    make_member(email="bob@example.org")
    order = ordered(members, place("member", "bob@example.org"), place())
    open_link(order)
    assert states(order) == ["pending", "confirmed"]
    verify_address(order=order, address="bob@example.org")
    assert states(order) == ["confirmed", "confirmed"]


def test_a_buyer_who_is_no_member_still_confirms_the_rest(members: Event):
    order = ordered(members, place("member"), place(email="bob@example.org"))
    open_link(order)
    assert states(order) == ["pending", "confirmed"]


def test_a_buyer_who_is_no_member_and_has_nothing_else_is_told_so(members: Event):
    order = ordered(members, place("member"))
    with pytest.raises(NotAMember):
        open_link(order)
    order.refresh_from_db()
    assert order.verified_at is None


# --- by hand --------------------------------------------------------------------------------------------


def test_an_organizer_confirms_by_hand(event: Event):
    order = vouch_for_order(order=ordered(event), reason="Je la connais")
    assert states(order) == ["confirmed"]
    entry = AuditEntry.objects.get(verb="order.vouch")
    assert (entry.reason, entry.fields) == ("Je la connais", ["verified_at"])


def test_an_organizer_confirms_what_has_lapsed_while_places_are_left(event: Event):
    order = ordered(event)
    lapse(order)
    Event.objects.update(registration_closes_at=timezone.now())
    vouch_for_order(order=order)
    assert states(order) == ["confirmed"]


def test_a_list_of_the_organizer_confirms_whom_it_names(event: Event):
    order = ordered(event)
    table = read_table("list.csv", "Prénom;Nom;E-mail\nZoé;Müller;zoe@example.org".encode())
    import_registrations(event=event, table=table)
    order.refresh_from_db()
    assert states(order) == ["confirmed"]
    assert not order.awaits_verification


def test_another_address_gets_the_link_and_the_old_link_is_void(event: Event):
    order = ordered(event)
    token = make_verification_token(order, order.email)
    Order.objects.update(verification_sent_at=timezone.now())
    assert (
        resend_verification_mail(order=order, email="zoé@example.org".replace("é", "e2"))
        == "zoe2@example.org"
    )
    order.refresh_from_db()
    assert (order.email, order.verification_sent_at) == ("zoe2@example.org", None)
    assert order.registrations.get().email == "zoe2@example.org"
    with pytest.raises(NotFound):
        load_verification(token)


def test_a_corrected_buyer_gets_a_link_of_their_own(event: Event):
    order = ordered(event)
    registration = order.registrations.get()
    Order.objects.update(verification_sent_at=timezone.now())
    said = {name: getattr(registration, name) for name in CORRECTABLE_FIELDS} | {"email": "zoe3@example.org"}
    correct_registration(registration=registration, correction=Correction(**said))
    order.refresh_from_db()
    assert (order.email, order.verification_sent_at) == ("zoe3@example.org", None)


def test_what_comes_to_cost_nothing_waits_no_longer(event: Event):
    make_ticket(event, slug="free")
    order = ordered(event, place(), place("free", "bob@example.org"))
    cancel_registration(registration=order.registrations.get(ticket__slug="guest"))
    assert states(order) == ["cancelled", "confirmed"]


def test_the_link_names_the_places_that_it_confirms(members: Event):
    make_member(email="bob@example.org")
    order = ordered(members, place("member", "bob@example.org"), place())
    slugs = {
        address: [
            registration.ticket.slug for registration in AddressVerification(order, address).registrations
        ]
        for address in ("zoe@example.org", "bob@example.org")
    }
    assert slugs == {"zoe@example.org": ["member", "guest"], "bob@example.org": ["member"]}


def test_a_buyer_who_is_no_member_still_verifies_the_order_for_a_colleague(members: Event):
    make_member(email="bob@example.org")
    order = ordered(members, place("member"), place("member", "bob@example.org"))
    open_link(order)
    verify_address(order=order, address="bob@example.org")
    assert states(order) == ["pending", "confirmed"]


def test_the_buyers_link_is_done_once_what_is_left_waits_for_a_colleague(members: Event):
    make_member(email="bob@example.org")
    order = ordered(members, place("member", "bob@example.org"), place())
    token = make_verification_token(order, order.email)
    assert not load_verification(token).is_done
    open_link(order)
    assert load_verification(token).is_done


def test_corrected_address_replaces_the_link_of_an_order_for_others():
    order = make_order(make_event(), needs_verification=True, payment="invoice", total=100)
    make_registration(make_ticket(order.event), order=order, confirmed_at=None, email="zoe@example.org")

    resend_verification_mail(order=order, email="other@example.org")

    order.refresh_from_db()
    assert order.link_version == 1
