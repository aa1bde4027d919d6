"""Selling: steps, codes, add-ons and shared quotas, booked, given back, changed and removed."""

import dataclasses
import datetime

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from convention.audit.models import Entry
from convention.errors import InvalidFields, SoldOut
from registrations.addons import AddonInUse, remove_addon, save_addon
from registrations.cancel import cancel
from registrations.models import PriceStep, Quota, Registration, Ticket, Voucher
from registrations.on_sale import on_sale
from registrations.order_request import OrderRequest, Place
from registrations.places import release_lapsed
from registrations.price_changed import PriceChanged
from registrations.prove import prove
from registrations.quotas import remove_quota, save_quota
from registrations.receive import receive
from registrations.register import Means, register
from registrations.tickets import save_ticket
from registrations.vouchers import VoucherInUse, make_vouchers, remove_voucher
from tests.factories import make_addon, make_event, make_member, make_ticket, make_voucher
from tests.verified import by_verified

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


def asked(people: int = 1, *, ticket: str = "guest", addons: tuple[str, ...] = (), **fields) -> OrderRequest:
    places = tuple(
        Place(ticket=ticket, first_name="Zoé", last_name=f"M{n}", email=f"z{n}@example.org", addons=addons)
        for n in range(people)
    )
    return OrderRequest(**{"email": "buyer@example.org", "places": places, **fields})


def with_step(ticket: Ticket, price: int = 12_000, until: datetime.timedelta = DAY) -> Ticket:
    PriceStep.objects.create(ticket=ticket, price=price, until=timezone.now() + until)
    return ticket


def taken(*rows) -> list[int]:
    return [type(row).objects.get(pk=row.pk).taken for row in rows]


# --- prices -----------------------------------------------------------------------------------------


def test_the_price_of_the_moment_is_booked_with_its_reason_and_its_vat():
    event = make_event()
    with_step(make_ticket(event, price=15_000, vat_rate=1000))
    order = register(event=event, request=asked(2))
    one = order.registrations.first()
    assert (order.total, one.price, one.vat_rate) == (24_000, 12_000, 1000)
    assert [(r["reason"], r["amount"]) for r in one.reductions] == [("early", 3_000)]


def test_the_desk_and_a_list_sell_at_the_price_of_the_moment_too():
    event = make_event()
    with_step(make_ticket(event, price=15_000))
    place = Place(ticket="guest", first_name="A", last_name="B")
    assert receive(event=event, place=place, key="k").price == 12_000


def test_a_step_that_is_over_no_longer_counts_and_the_next_one_holds():
    event = make_event()
    ticket = with_step(make_ticket(event, price=15_000), until=-DAY)
    assert register(event=event, request=asked()).total == 15_000
    with_step(with_step(ticket, 14_000, 9 * DAY), 13_000, 2 * DAY)
    assert register(event=event, request=asked()).total == 13_000


def test_another_total_than_expected_books_nothing_and_says_the_new_price():
    event = make_event()
    make_ticket(event, price=15_000)
    with pytest.raises(PriceChanged) as refusal:
        register(event=event, request=asked(expected_total=12_000))
    assert refusal.value.details["quote"]["total"] == {"amount": 15_000, "currency": "EUR"}
    assert not Registration.objects.exists()
    assert register(event=event, request=asked(expected_total=15_000)).total == 15_000


def test_a_plain_order_reads_and_writes_no_more_often_for_steps_and_a_quota():
    event = make_event()
    ticket = make_ticket(event, price=15_000)
    make_voucher(event)
    make_addon(event)

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked_of:
            sold = on_sale(event.slug, {"guest"})
            register(event=sold.event, request=asked(), means=Means(sold=sold))
        return sum("SAVEPOINT" not in query["sql"] for query in asked_of)

    plain = queries()
    with_step(ticket)
    assert queries() == plain
    quota = Quota.objects.create(event=event, name="Salle", capacity=9)
    Ticket.objects.update(quota=quota)
    assert queries() - plain == (0 if connection.vendor == "postgresql" else 1)
    assert taken(ticket, quota) == [3, 1]


@pytest.mark.parametrize("people", [1, 5])
def test_least_and_most_per_order_are_kept(people: int):
    event = make_event()
    make_ticket(event, least=2, most=4)
    with pytest.raises(InvalidFields) as refusal:
        register(event=event, request=asked(people))
    assert list(refusal.value.fields) == ["registrations"]
    register(event=event, request=asked(3))


# --- codes ------------------------------------------------------------------------------------------


def test_a_code_is_counted_per_person_and_given_back_on_cancelling():
    event = make_event()
    make_ticket(event, price=10_000)
    voucher = make_voucher(event, capacity=3)
    order = register(event=event, request=asked(2, code=" half "))
    assert (order.total, taken(voucher)) == (10_000, [2])
    one = order.registrations.first()
    assert one.reductions == [{"reason": "code", "amount": 5_000, "percent": 50}]
    cancel(registration=one)
    assert taken(voucher) == [1]


def test_a_code_with_fewer_uses_than_people_serves_the_first():
    event = make_event()
    make_ticket(event, price=10_000)
    make_voucher(event)
    order = register(event=event, request=asked(2, code="HALF"))
    assert list(order.registrations.order_by("pk").values_list("price", flat=True)) == [5_000, 10_000]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "OTHER"),
        ({"taken": 1}, "HALF"),
        ({"closes_at": timezone.now() - DAY}, "HALF"),
        ({"opens_at": timezone.now() + DAY}, "HALF"),
        ({"for_company": "Acme"}, "HALF"),
        ({"for_address": "@example.com"}, "HALF"),
    ],
)
def test_a_code_that_does_not_serve_is_refused_with_a_sentence(fields: dict, code: str):
    event = make_event()
    make_ticket(event, price=10_000)
    make_voucher(event, **fields)
    with pytest.raises(InvalidFields) as refusal:
        register(event=event, request=asked(code=code))
    assert list(refusal.value.fields) == ["code"]


@pytest.mark.parametrize("fields", [{"for_company": "ACME"}, {"for_address": "@Example.org"}])
def test_a_code_for_one_company_or_address_serves_it(fields: dict):
    event = make_event()
    make_ticket(event, price=10_000)
    make_voucher(event, **fields)
    assert register(event=event, request=asked(code="HALF", company="Acmé")).total == 5_000


def test_a_code_for_other_tickets_names_them():
    event = make_event()
    make_ticket(event, price=10_000)
    make_voucher(event, make_ticket(event, slug="vendor", name="Fournisseur"))
    with pytest.raises(InvalidFields) as refusal:
        register(event=event, request=asked(code="HALF"))
    assert "Fournisseur" in refusal.value.fields["code"][0]


def test_an_access_code_opens_a_hidden_ticket_and_is_used_by_it():
    event = make_event()
    hidden = make_ticket(event, slug="vip", is_public=False)
    voucher = make_voucher(event, hidden, kind="access", value=0, capacity=2)
    with pytest.raises(InvalidFields) as refusal:
        register(event=event, request=asked(ticket="vip"))
    assert list(refusal.value.fields) == ["registrations.0.ticket"]
    register(event=event, request=asked(2, ticket="vip", code="HALF"))
    assert taken(voucher, hidden) == [2, 2]
    Voucher.objects.update(taken=1)
    with pytest.raises(InvalidFields) as refusal:
        register(event=event, request=asked(2, ticket="vip", code="HALF"))
    assert list(refusal.value.fields) == ["registrations.1.ticket"]


def test_who_was_shown_a_price_with_a_code_is_told_that_others_used_it_up():
    event = make_event()
    make_ticket(event, price=10_000)
    make_voucher(event, taken=1)
    with pytest.raises(PriceChanged):
        register(event=event, request=asked(code="HALF", expected_total=5_000))


def test_the_database_never_lets_a_code_be_used_too_often():
    voucher = make_voucher(make_event())
    with pytest.raises(IntegrityError), transaction.atomic():
        Voucher.objects.filter(pk=voucher.pk).update(taken=2)


def test_many_codes_alike_are_made_at_once_each_its_own():
    event = make_event()
    ticket = make_ticket(event)
    like = Voucher(event=event, code="SPONSOR", label="Acme", kind="fixed", value=9_000, capacity=1)
    made = make_vouchers(like=like, tickets=[ticket], number=40)
    codes = set(event.vouchers.values_list("code", flat=True))
    assert (len(made), len(codes), {code[:8] for code in codes}) == (40, 40, {"SPONSOR-"})
    assert {tuple(one.tickets.all()) for one in event.vouchers.all()} == {(ticket,)}
    assert Entry.objects.filter(verb="vouchers.create").count() == 1


def test_a_used_code_is_not_removed():
    event = make_event()
    make_ticket(event, price=10_000)
    voucher = make_voucher(event)
    order = register(event=event, request=asked(code="HALF"))
    cancel(registration=order.registrations.get())
    with pytest.raises(VoucherInUse):
        remove_voucher(voucher=voucher)
    other = make_voucher(event, code="OTHER")
    remove_voucher(voucher=other)
    assert list(event.vouchers.all()) == [voucher]


# --- add-ons ----------------------------------------------------------------------------------------


def test_addons_are_priced_counted_and_given_back():
    event = make_event()
    make_ticket(event, price=10_000)
    dinner = make_addon(event, capacity=2, vat_rate=1000)
    order = register(event=event, request=asked(2, addons=("dinner",)))
    assert (order.total, order.due.amount, taken(dinner)) == (29_000, 29_000, [2])
    one = order.registrations.first()
    assert [(a.addon.slug, a.price, a.vat_rate) for a in one.besides] == [("dinner", 4_500, 1000)]
    with pytest.raises(SoldOut, match="Dîner"):
        register(event=event, request=asked(addons=("dinner",)))
    cancel(registration=one)
    assert (taken(dinner), order.due.amount) == ([1], 14_500)
    assert order.registrations.get(pk=one.pk).besides == []


@pytest.mark.parametrize(
    ("addons", "fields"),
    [
        (("dinner", "dinner"), {}),
        (("lunch",), {}),
        (("dinner",), {"closes_at": timezone.now() - DAY}),
        (("dinner",), {"currency": "USD"}),
    ],
)
def test_addons_that_cannot_be_had_are_refused(addons: tuple[str, ...], fields: dict):
    event = make_event()
    make_ticket(event)
    make_addon(event, **fields)
    with pytest.raises(InvalidFields) as refusal:
        register(event=event, request=asked(addons=addons))
    where = "registrations" if "currency" in fields else "registrations.0.addons"
    assert list(refusal.value.fields) == [where]


def test_an_addon_goes_with_the_tickets_it_names():
    event = make_event()
    make_ticket(event)
    vendor = make_ticket(event, slug="vendor")
    make_addon(event).tickets.add(vendor)
    register(event=event, request=asked(ticket="vendor", addons=("dinner",)))
    with pytest.raises(InvalidFields, match="champs"):
        register(event=event, request=asked(addons=("dinner",)))


def test_an_addon_that_was_taken_is_neither_removed_nor_made_smaller():
    event = make_event()
    make_ticket(event)
    dinner = make_addon(event)
    register(event=event, request=asked(addons=("dinner",)))
    dinner.capacity = 0
    with pytest.raises(InvalidFields):
        save_addon(addon=dinner, tickets=[], changed=["capacity"])
    with pytest.raises(AddonInUse):
        remove_addon(addon=dinner)
    remove_addon(addon=make_addon(event, slug="lunch"))
    assert list(event.addons.values_list("slug", flat=True)) == ["dinner"]


# --- quotas -----------------------------------------------------------------------------------------


def shared(event, capacity: int, *tickets: Ticket) -> Quota:
    quota = Quota(event=event, name="Salle", capacity=capacity)
    return save_quota(quota=quota, tickets=tickets, changed=["name", "capacity", "tickets"])


def test_tickets_share_a_quota_and_their_own_places_hold_too():
    event = make_event()
    guest, vendor = make_ticket(event, capacity=3), make_ticket(event, slug="vendor")
    quota = shared(event, 4, guest, vendor)
    register(event=event, request=asked(2))
    register(event=event, request=asked(1, ticket="vendor"))
    with pytest.raises(SoldOut):
        register(event=event, request=asked(2, ticket="vendor"))
    both = dataclasses.replace(asked(), places=(*asked().places, *asked(ticket="vendor").places))
    with pytest.raises(SoldOut):
        register(event=event, request=both)
    assert taken(guest, vendor, quota) == [2, 1, 3]
    one = register(event=event, request=asked(1)).registrations.get()
    assert taken(guest, quota) == [3, 4]
    cancel(registration=one)
    assert taken(guest, quota) == [2, 3]


def test_a_quota_counts_what_its_tickets_have_and_refuses_to_be_too_small():
    event = make_event()
    guest, vendor = make_ticket(event), make_ticket(event, slug="vendor")
    register(event=event, request=asked(3))
    register(event=event, request=asked(2, ticket="vendor"))
    with pytest.raises(InvalidFields):
        shared(event, 4, guest, vendor)
    quota = shared(event, 5, guest, vendor)
    assert taken(quota) == [5]
    guest.refresh_from_db()
    other = save_quota(
        quota=Quota(event=event, name="Étage", capacity=9), tickets=[guest], changed=["tickets"]
    )
    assert taken(quota, other) == [2, 3]
    remove_quota(quota=other)
    guest.refresh_from_db()
    assert (guest.quota, guest.left) == (None, None)


def test_places_follow_a_ticket_that_joins_a_quota_between_reading_and_booking():
    event = make_event()
    ticket = make_ticket(event)
    sold = on_sale(event.slug, {"guest"})
    quota = shared(event, 2, ticket)
    register(event=sold.event, request=asked(2), means=Means(sold=sold))
    assert taken(ticket, quota) == [2, 2]
    with pytest.raises(SoldOut):
        register(event=sold.event, request=asked(1), means=Means(sold=sold))
    assert taken(ticket, quota) == [2, 2]


def test_what_lapses_gives_everything_back_and_a_late_proof_takes_it_again():
    event = make_event()
    ticket = make_ticket(event, slug="member", audience="member", price=10_000, capacity=9)
    quota, dinner, voucher = shared(event, 9, ticket), make_addon(event), make_voucher(event)
    member = make_member(email="z0@example.org")
    request = asked(ticket="member", addons=("dinner",), code="HALF")
    order = register(event=event, request=request, means=by_verified())
    rows = (ticket, quota, dinner, voucher)
    assert taken(*rows) == [1, 1, 1, 1]
    later = timezone.now() + datetime.timedelta(minutes=31)
    assert (release_lapsed([ticket.pk], at=later), taken(*rows)) == (1, [0, 0, 0, 0])
    proven = prove(registration=order.registrations.get())
    assert (proven.person, taken(*rows)) == (member, [1, 1, 1, 1])


def test_steps_are_kept_with_their_ticket_and_recorded_where_they_change():
    event = make_event()
    ticket = make_ticket(event, price=15_000)
    until = timezone.now() + DAY
    for _twice in range(2):
        save_ticket(ticket=ticket, changed=[], steps=[PriceStep(price=1, until=until)])
    fields = list(Entry.objects.filter(verb="ticket.change").order_by("pk").values_list("fields", flat=True))
    assert (fields, ticket.steps.count()) == ([["steps"], []], 1)
