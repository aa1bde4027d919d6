"""Test who receives a mailing: attendees who meet all conditions, grouped by address and language."""

import datetime

import pytest
from django.utils import timezone, translation

from badges.attendance.devices.pairing import get_or_create_entrance
from badges.attendance.models import Checkpoint
from badges.attendance.scanning.manual_scan import check_in_registration
from badges.mailings.composing.audience import build_audience, group_by_address
from badges.mailings.composing.segments import Segment, describe_segment, select_registrations
from badges.mailings.models import Unsubscription
from convention.models import BouncedAddress
from registrations.billing.receivables import sync_receivable
from registrations.invoices.ledger.payments import record_payment
from registrations.models import RegistrationAddon
from tests.badges.mailings.factories import make_mailing
from tests.factories import make_addon, make_event, make_order, make_registration, make_session, make_ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def event():
    return make_event()


def select_first_names(event, **asked) -> set[str]:
    return {registration.first_name for registration in select_registrations(Segment(**asked), event)}


def test_segment_filters_by_registration_and_order_fields(event):
    guest, press = make_ticket(event), make_ticket(event, slug="press")
    make_registration(guest, first_name="Ana", company="Acme")
    make_registration(press, first_name="Bob", company="Other", no_photo=True)
    held = timezone.now() + datetime.timedelta(minutes=20)
    make_registration(guest, first_name="Pia", confirmed_at=None, hold_expires_at=held)
    make_registration(guest, first_name="Tom", cancelled_at=timezone.now())
    make_registration(make_ticket(), first_name="Elsewhere")
    english = make_order(event, language="en", payment="invoice", total=12_000)

    make_registration(guest, first_name="Zoe", order=english, price=12_000)

    assert select_first_names(event) == {"Ana", "Bob", "Zoe"}
    assert select_first_names(event, states=()) == {"Ana", "Bob", "Pia", "Tom", "Zoe"}
    assert select_first_names(event, states=("pending", "cancelled")) == {"Pia", "Tom"}
    assert select_first_names(event, tickets=("press",)) == {"Bob"}
    assert select_first_names(event, company="Acme") == {"Ana", "Zoe"}
    assert select_first_names(event, company="Acme", language="en") == {"Zoe"}
    assert select_first_names(event, payment="unpaid") == {"Zoe"}
    assert select_first_names(event, photo="refused") == {"Bob"}
    assert select_first_names(event, photo="agreed", tickets=("guest",)) == {"Ana", "Zoe"}


def test_segment_filters_by_addon(event):
    ticket, dinner, tour = make_ticket(event), make_addon(event), make_addon(event, slug="tour")
    chosen = {"Ana": (dinner, None), "Bob": (tour, None), "Pia": (dinner, timezone.now())}
    for name, (addon, cancelled_at) in chosen.items():
        registration = make_registration(ticket, first_name=name)
        RegistrationAddon.objects.create(registration=registration, addon=addon, cancelled_at=cancelled_at)

    assert select_first_names(event, addons=("dinner",)) == {"Ana"}
    assert select_first_names(event, addons=("dinner", "tour")) == {"Ana", "Bob"}


def test_segment_names_its_addons(event):
    make_addon(event)

    with translation.override("en"):
        words = describe_segment(Segment(addons=("dinner",)), event)

    assert words == ["confirmed registrations", "Dinner"]


def test_unpaid_segment_excludes_fully_paid_order(event):
    order = make_order(event, payment="invoice", total=12_000)
    make_registration(make_ticket(event), first_name="Zoe", order=order, price=12_000)
    receivable = sync_receivable(order)

    record_payment(receivable=receivable, amount=2_000, method="transfer")

    assert select_first_names(event, payment="unpaid") == {"Zoe"}

    record_payment(receivable=receivable, amount=10_000, method="transfer")

    assert select_first_names(event, payment="unpaid") == set()


def test_unpaid_segment_has_only_those_cancelled_who_owe_a_fee(event):
    ticket = make_ticket(event)
    for name, fee in (("Ana", 3_000), ("Zoe", 0)):
        make_registration(
            ticket,
            first_name=name,
            order=make_order(event, payment="invoice", total=12_000),
            price=12_000,
            cancelled_at=timezone.now(),
            cancellation_fee=fee,
        )

    assert select_first_names(event, states=("cancelled",), payment="unpaid") == {"Ana"}


def test_unpaid_segment_excludes_order_of_which_only_free_places_are_left(event):
    ticket, order = make_ticket(event), make_order(event, payment="invoice", total=12_000)
    make_registration(ticket, first_name="Zoe", order=order, price=12_000, cancelled_at=timezone.now())
    make_registration(ticket, first_name="Ana", order=order)

    assert select_first_names(event, payment="unpaid") == set()


@pytest.mark.parametrize(("addon_cancelled_at", "expected"), [(None, {"Ana"}), (timezone.now(), set())])
def test_unpaid_segment_includes_order_that_owes_only_an_addon(event, addon_cancelled_at, expected):
    order = make_order(event, payment="invoice", total=4_000)
    registration = make_registration(make_ticket(event), first_name="Ana", order=order)
    RegistrationAddon.objects.create(
        registration=registration, addon=make_addon(event), price=4_000, cancelled_at=addon_cancelled_at
    )

    assert select_first_names(event, payment="unpaid") == expected


def test_segment_filters_by_presence_at_event_and_checkpoint(event):
    ticket = make_ticket(event)
    ana, bob = (make_registration(ticket, first_name=name) for name in ("Ana", "Bob"))
    make_registration(ticket, first_name="Zoe")

    room = Checkpoint.objects.create(event=event, name="Room", kind="session", session=make_session(event))

    check_in_registration(registration=ana, checkpoint=get_or_create_entrance(event), operator=None)
    check_in_registration(registration=bob, checkpoint=room, operator=None)
    assert select_first_names(event, presence="arrived") == {"Ana", "Bob"}
    assert select_first_names(event, presence="absent") == {"Zoe"}
    assert select_first_names(event, presence="arrived", checkpoint=room.pk) == {"Bob"}
    assert select_first_names(event, presence="absent", checkpoint=room.pk) == {"Ana", "Zoe"}


def test_segment_is_serialized_and_described(event):
    make_ticket(event, slug="press", name="Presse")
    door = get_or_create_entrance(event)

    segment = Segment(
        tickets=("press",), states=("confirmed", "pending"), company="Acme", payment="unpaid",
        presence="absent", checkpoint=door.pk, language="en", photo="refused",
    )  # fmt: skip

    assert Segment.from_json(segment.to_json()) == segment
    assert describe_segment(segment, event) == [
        "inscriptions confirmées, inscriptions en attente de confirmation",
        "Presse", "Acme", "paiement non reçu",
        f"participants non arrivés ({door.name})", "anglais", "pas de photos",
    ]  # fmt: skip


def test_recipients_are_grouped_by_address_and_language():
    rows = [
        (1, "Ana@example.org", "boss@example.org", "fr"),
        (2, "ana@Example.org", "ana@example.org", "fr"),
        (3, "ana@example.org", "ana@example.org", "en"),
        (4, "", "boss@example.org", "fr"),
        (5, "", "boss@example.org", "fr"),
        (6, "", "", "fr"),
        (7, "boſs@example.org", "", "de"),
    ]
    found = group_by_address(rows)

    assert [(group.address, group.language, group.registration_ids) for group in found.groups] == [
        ("ana@example.org", "fr", [1, 2]),
        ("ana@example.org", "en", [3]),
        ("boss@example.org", "fr", [4, 5]),
        ("boſs@example.org", "fr", [7]),
    ]
    assert found.no_address_count == 1


@pytest.mark.parametrize(("purpose", "sent"), [("information", 2), ("news", 1)])
def test_unsubscribed_and_bounced_addresses_are_excluded(event, purpose, sent):
    ticket = make_ticket(event)
    for name in ("ana", "Bob", "Zoe"):
        make_registration(ticket, email=f"{name}@example.org")
    Unsubscription.objects.create(email="bob@example.org")
    BouncedAddress.objects.create(email="zoe@example.org")

    audience = build_audience(make_mailing(event, purpose=purpose))

    assert len(audience.selected_groups) == sent
    assert audience.unsubscribed_count == 2 - sent
    assert audience.bounced_count == 1


def test_building_audience_takes_two_queries(event, django_assert_num_queries):
    ticket = make_ticket(event)
    for number in range(12):
        make_registration(ticket, email=f"p{number}@example.org")
    mailing = make_mailing(event)
    with django_assert_num_queries(2):
        assert len(build_audience(mailing).selected_groups) == 12
