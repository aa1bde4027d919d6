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
from tests.buyer_verification import make_verified_context, open_link
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


def submit_order(
    event: Event, *places: RequestedPlace, context: OrderContext | None = None, **fields
) -> Order:
    request = OrderRequest(**{"email": "zoe@example.org", "places": places or (place(),), **fields})
    return place_order(event=event, request=request, context=context or OrderContext())


def states(order: Order) -> list[str]:
    return [registration.state for registration in order.registrations.order_by("pk")]


def expire_hold(order: Order) -> None:
    """Expire the hold as if the link had not been opened for a day."""
    order.registrations.update(hold_expires_at=timezone.now() - datetime.timedelta(minutes=1))
    release_expired_holds()


@pytest.fixture
def event() -> Event:
    event = make_event()
    make_ticket(event, price=12_000, capacity=3)
    return event


# --- orders confirmed at once ---------------------------------------------------------------------------


def test_order_on_invoice_is_held_for_a_day_and_reserves_place(event: Event):
    order = submit_order(event)
    registration = order.registrations.get()

    assert states(order) == ["pending"]
    assert registration.hold_expires_at >= timezone.now() + DAY - datetime.timedelta(minutes=1)
    assert Ticket.objects.get().reserved == 1


@pytest.mark.parametrize("hours", [24, 72])
def test_hold_duration_is_configurable(event: Event, settings, hours: int):
    settings.UNVERIFIED_HOLD_HOURS = hours
    held = submit_order(event).registrations.get().hold_expires_at - timezone.now()

    assert abs(held - datetime.timedelta(hours=hours)) < datetime.timedelta(minutes=1)


def test_free_order_on_invoice_is_confirmed_at_once():
    event = make_event()
    make_ticket(event)

    order = submit_order(event, payment="invoice")

    assert order.payment == "free"
    assert states(order) == ["confirmed"]


def test_card_order_awaits_payment_but_no_verification(event: Event):
    order = submit_order(event, payment="card")

    assert not order.needs_verification
    assert states(order) == ["pending"]
    assert order.registrations.get().hold_expires_at < timezone.now() + datetime.timedelta(minutes=31)


def test_signed_in_buyer_with_verified_address_is_confirmed_at_once(event: Event):
    assert states(submit_order(event, context=OrderContext(source="page", person=make_account()))) == [
        "confirmed"
    ]
    assert states(submit_order(event, context=OrderContext(source="api", person=make_account()))) == [
        "confirmed"
    ]


def test_signed_in_buyer_with_unverified_address_stays_pending(event: Event):
    assert states(submit_order(event, context=OrderContext(person=make_person()))) == ["pending"]


def test_order_by_company_contact_is_confirmed_at_once(event: Event):
    contact = make_contact()
    context = OrderContext(source="company", person=contact, company=contact.employments.get().company)

    assert states(submit_order(event, context=context)) == ["confirmed"]


def test_accepted_waiting_list_offer_is_confirmed_at_once(event: Event):
    Ticket.objects.update(capacity=1)
    taken = submit_order(event, context=make_verified_context())
    wish = WaitingRequest(first_name="Ana", last_name="Silva", email="ana@example.org")
    entry = join_ticket_list(ticket=Ticket.objects.get(), request=wish)

    cancel_registration(registration=taken.registrations.get())

    order = accept_ticket_offer(entry=WaitingEntry.objects.get(pk=entry.pk))
    assert order.total == 12_000
    assert states(order) == ["confirmed"]


# --- opening the link -----------------------------------------------------------------------------------


def test_link_confirms_all_registrations_of_order(event: Event):
    order = submit_order(event, place(), place(email="bob@example.org"))
    verified = open_link(order)

    assert states(order) == ["confirmed", "confirmed"]
    assert verified.verified_at is not None
    assert Ticket.objects.get().reserved == 2
    event.refresh_from_db()
    assert set(order.registrations.values_list("sequence", flat=True)) == {event.sequence}


def test_opening_the_link_twice_changes_nothing(event: Event):
    order = open_link(submit_order(event))

    confirmed = order.registrations.get().confirmed_at
    assert open_link(order).verified_at == order.verified_at
    assert order.registrations.get().confirmed_at == confirmed
    assert Ticket.objects.get().reserved == 1


def test_audit_trail_records_verification_and_confirmation(event: Event):
    open_link(submit_order(event))

    verbs = set(AuditEntry.objects.values_list("verb", flat=True))
    assert {"order.verify", "order.confirm"} <= verbs


def test_link_for_attendee_address_confirms_nothing(event: Event):
    order = submit_order(event, place(email="bob@example.org"))
    verify_address(order=order, address="bob@example.org")

    assert states(order) == ["pending"]
    with pytest.raises(NotFound):
        load_verification(make_verification_token(order, "bob@example.org"))


def test_link_is_void_after_buyer_address_changes(event: Event):
    order = submit_order(event)
    token = make_verification_token(order, order.email)

    Order.objects.update(email="other@example.org")

    with pytest.raises(NotFound):
        load_verification(token)


def test_link_of_cancelled_order_is_not_found(event: Event):
    order = submit_order(event)
    cancel_registration(registration=order.registrations.get())

    with pytest.raises(NotFound):
        load_verification(make_verification_token(order, order.email))


# --- expired holds --------------------------------------------------------------------------------------


def test_expired_hold_releases_all_stock_and_late_link_reserves_it_again():
    event = make_event()
    ticket = make_ticket(event, price=12_000, capacity=3)
    dinner, voucher = make_addon(event, capacity=2), make_voucher(event)
    make_question(event, "meal", [("fish", 2)])
    order = submit_order(event, place(addons=("dinner",), answers={"meal": "fish"}), code="HALF")
    option = event.questions.get().options.get()

    def taken() -> list[int]:
        return [type(row).objects.get(pk=row.pk).reserved for row in (ticket, dinner, voucher, option)]

    assert taken() == [1, 1, 1, 1]
    expire_hold(order)
    assert states(order) == ["expired"]
    assert taken() == [0, 0, 0, 0]
    open_link(order)
    assert states(order) == ["confirmed"]
    assert taken() == [1, 1, 1, 1]


def test_expired_place_is_offered_to_waiting_list(event: Event):
    Ticket.objects.update(capacity=1)
    order = submit_order(event)
    wish = WaitingRequest(first_name="Ana", last_name="Silva", email="ana@example.org")
    entry = join_ticket_list(ticket=Ticket.objects.get(), request=wish)

    expire_hold(order)

    entry.refresh_from_db()
    assert entry.has_offer()
    with pytest.raises(SoldOut):
        open_link(order)
    assert states(order) == ["expired"]


def test_late_link_is_refused_once_registration_is_closed(event: Event):
    order = submit_order(event)
    expire_hold(order)

    Event.objects.update(registration_closes_at=timezone.now())

    with pytest.raises(NotOpenNow):
        open_link(order)
    order.refresh_from_db()
    assert states(order) == ["expired"]
    assert order.verified_at is None


def test_held_place_is_confirmed_after_registration_closes(event: Event):
    order = submit_order(event)
    Event.objects.update(registration_closes_at=timezone.now())

    open_link(order)

    assert states(order) == ["confirmed"]


# --- with members ---------------------------------------------------------------------------------------


@pytest.fixture
def members(event: Event) -> Event:
    make_ticket(event, slug="member", audience="member", price=20_000)
    return event


def test_one_link_verifies_member_and_buyer(members: Event):
    member = make_member(email="zoe@example.org")
    order = submit_order(members, place("member"), place(email="bob@example.org"))

    open_link(order)

    assert states(order) == ["confirmed", "confirmed"]
    assert order.registrations.get(ticket__slug="member").person == member


def test_colleague_verifies_own_place_and_buyer_verifies_order(members: Event):
    make_member(email="bob@example.org")
    order = submit_order(members, place("member", "bob@example.org"), place())

    verify_address(order=order, address="bob@example.org")

    assert states(order) == ["pending", "pending"]

    open_link(order)

    assert states(order) == ["confirmed", "confirmed"]


def test_buyer_may_verify_before_colleague(members: Event):
    make_member(email="bob@example.org")
    order = submit_order(members, place("member", "bob@example.org"), place())

    open_link(order)

    assert states(order) == ["pending", "confirmed"]

    verify_address(order=order, address="bob@example.org")

    assert states(order) == ["confirmed", "confirmed"]


def test_non_member_buyer_confirms_all_but_member_ticket(members: Event):
    order = submit_order(members, place("member"), place(email="bob@example.org"))
    open_link(order)

    assert states(order) == ["pending", "confirmed"]


def test_non_member_buyer_of_member_ticket_only_is_refused(members: Event):
    order = submit_order(members, place("member"))

    with pytest.raises(NotAMember):
        open_link(order)
    order.refresh_from_db()
    assert order.verified_at is None


# --- confirmation by organizers --------------------------------------------------------------------------


def test_organizer_vouches_for_order(event: Event):
    order = vouch_for_order(order=submit_order(event), reason="Je la connais")

    assert states(order) == ["confirmed"]
    entry = AuditEntry.objects.get(verb="order.vouch")
    assert entry.reason == "Je la connais"
    assert entry.fields == ["verified_at"]


def test_organizer_confirms_expired_order_while_places_are_left(event: Event):
    order = submit_order(event)
    expire_hold(order)
    Event.objects.update(registration_closes_at=timezone.now())

    vouch_for_order(order=order)

    assert states(order) == ["confirmed"]


def test_import_confirms_listed_attendees(event: Event):
    order = submit_order(event)
    table = read_table("list.csv", "Prénom;Nom;E-mail\nZoé;Müller;zoe@example.org".encode())

    import_registrations(event=event, table=table)

    order.refresh_from_db()
    assert states(order) == ["confirmed"]
    assert not order.awaits_verification


def test_resending_link_to_another_address_voids_old_link(event: Event):
    order = submit_order(event)
    token = make_verification_token(order, order.email)

    Order.objects.update(verification_sent_at=timezone.now())

    assert (
        resend_verification_mail(order=order, email="zoé@example.org".replace("é", "e2"))
        == "zoe2@example.org"
    )
    order.refresh_from_db()
    assert order.email == "zoe2@example.org"
    assert order.verification_sent_at is None
    assert order.registrations.get().email == "zoe2@example.org"
    with pytest.raises(NotFound):
        load_verification(token)


def test_corrected_buyer_address_gets_new_link(event: Event):
    order = submit_order(event)
    registration = order.registrations.get()
    Order.objects.update(verification_sent_at=timezone.now())
    said = {name: getattr(registration, name) for name in CORRECTABLE_FIELDS} | {"email": "zoe3@example.org"}

    correct_registration(registration=registration, correction=Correction(**said))

    order.refresh_from_db()
    assert order.email == "zoe3@example.org"
    assert order.verification_sent_at is None


def test_order_that_becomes_free_is_confirmed(event: Event):
    make_ticket(event, slug="free")
    order = submit_order(event, place(), place("free", "bob@example.org"))

    cancel_registration(registration=order.registrations.get(ticket__slug="guest"))

    assert states(order) == ["cancelled", "confirmed"]


def test_link_lists_registrations_that_it_confirms(members: Event):
    make_member(email="bob@example.org")
    order = submit_order(members, place("member", "bob@example.org"), place())

    slugs = {
        address: [
            registration.ticket.slug for registration in AddressVerification(order, address).registrations
        ]
        for address in ("zoe@example.org", "bob@example.org")
    }

    assert slugs == {"zoe@example.org": ["member", "guest"], "bob@example.org": ["member"]}


def test_non_member_buyer_verifies_order_for_member_colleague(members: Event):
    make_member(email="bob@example.org")
    order = submit_order(members, place("member"), place("member", "bob@example.org"))
    open_link(order)

    verify_address(order=order, address="bob@example.org")

    assert states(order) == ["pending", "confirmed"]


def test_buyer_link_is_done_while_colleague_is_still_pending(members: Event):
    make_member(email="bob@example.org")
    order = submit_order(members, place("member", "bob@example.org"), place())

    token = make_verification_token(order, order.email)

    assert not load_verification(token).is_done

    open_link(order)

    assert load_verification(token).is_done


def test_resending_link_to_another_address_voids_order_link(client):
    order = make_order(make_event(), needs_verification=True, payment="invoice", total=100)
    make_registration(make_ticket(order.event), order=order, confirmed_at=None, email="zoe@example.org")
    old_path = order.manage_path

    resend_verification_mail(order=order, email="other@example.org")

    order.refresh_from_db()
    statuses = [client.get(path).status_code for path in (old_path, order.manage_path)]
    assert order.link_version == 1
    assert statuses == [404, 200]
