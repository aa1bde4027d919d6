"""Price steps, vouchers, add-ons and quotas: booking, release, change and removal."""

import dataclasses
import datetime

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from convention.audit.models import AuditEntry
from convention.errors import InvalidFields, SoldOut
from convention.tables.files import ParsedTable
from registrations.booking.place_order import place_order
from registrations.booking.verification import verify_membership
from registrations.booking.walk_in import register_walk_in
from registrations.changes.cancel import cancel_registration
from registrations.import_export.import_registrations import import_registrations
from registrations.inventory.stock import release_ticket_holds, reserve_items
from registrations.models import PriceStep, Quota, Registration, Ticket, Voucher
from registrations.order_context import OrderContext
from registrations.order_request import OrderRequest, RequestedPlace
from registrations.pricing.catalog import PriceChanged, load_catalog
from registrations.ticketing.addons import AddonInUse, remove_addon, save_addon
from registrations.ticketing.quotas import remove_quota, save_quota
from registrations.ticketing.tickets import save_ticket
from registrations.ticketing.vouchers import VoucherInUse, create_vouchers, remove_voucher
from tests.buyer_verification import make_verified_context
from tests.factories import make_addon, make_company, make_event, make_member, make_ticket, make_voucher

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


def make_request(
    people: int = 1, *, ticket: str = "guest", addons: tuple[str, ...] = (), **fields
) -> OrderRequest:
    places = tuple(
        RequestedPlace(
            ticket=ticket, first_name="Zoé", last_name=f"M{n}", email=f"z{n}@example.org", addons=addons
        )
        for n in range(people)
    )
    return OrderRequest(**{"email": "buyer@example.org", "places": places, **fields})


def add_price_step(ticket: Ticket, price: int = 12_000, until: datetime.timedelta = DAY) -> Ticket:
    PriceStep.objects.create(ticket=ticket, price=price, ends_at=timezone.now() + until)
    return ticket


def list_reserved(*rows) -> list[int]:
    return [type(row).objects.get(pk=row.pk).reserved for row in rows]


# --- prices -----------------------------------------------------------------------------------------


def test_current_price_step_is_booked_with_reduction_and_vat_rate():
    event = make_event()
    add_price_step(make_ticket(event, price=15_000, vat_rate=1000))
    order = place_order(event=event, request=make_request(2))
    one = order.registrations.first()
    assert (order.total, one.price, one.vat_rate) == (24_000, 12_000, 1000)
    assert [(r["reason"], r["amount"]) for r in one.reductions] == [("early", 3_000)]


def test_walk_in_is_sold_at_current_price_step():
    event = make_event()
    add_price_step(make_ticket(event, price=15_000))
    place = RequestedPlace(ticket="guest", first_name="A", last_name="B")
    assert register_walk_in(event=event, place=place, idempotency_key="k").price == 12_000


def test_imported_registration_is_sold_at_current_price_step():
    event = make_event()
    add_price_step(make_ticket(event, price=15_000, is_default=True))
    table = ParsedTable(["first_name", "last_name"], [(2, ["Ana", "Silva"])])
    import_registrations(event=event, table=table)
    assert Registration.objects.get().price == 12_000


def test_past_price_step_is_ignored_and_next_one_applies():
    event = make_event()
    ticket = add_price_step(make_ticket(event, price=15_000), until=-DAY)
    assert place_order(event=event, request=make_request()).total == 15_000
    add_price_step(add_price_step(ticket, 14_000, 9 * DAY), 13_000, 2 * DAY)
    assert place_order(event=event, request=make_request()).total == 13_000


def test_order_with_outdated_total_is_refused_with_new_quote():
    event = make_event()
    make_ticket(event, price=15_000)
    with pytest.raises(PriceChanged) as refusal:
        place_order(event=event, request=make_request(expected_total=12_000))
    assert refusal.value.details["quote"]["total"] == {"amount": 15_000, "currency": "EUR"}
    assert not Registration.objects.exists()
    assert place_order(event=event, request=make_request(expected_total=15_000)).total == 15_000


def test_a_price_step_costs_one_query_and_a_quota_at_most_one():
    event = make_event()
    ticket = make_ticket(event, price=15_000)
    make_voucher(event)
    make_addon(event)

    def count_queries() -> int:
        with CaptureQueriesContext(connection) as queries:
            catalog = load_catalog(event, {"guest"})
            place_order(event=event, request=make_request(), context=OrderContext(catalog=catalog))
        return sum("SAVEPOINT" not in query["sql"] for query in queries)

    plain = count_queries()
    add_price_step(ticket)
    with_price_step = count_queries()
    quota = Quota.objects.create(event=event, name="Salle", capacity=9)
    Ticket.objects.update(quota=quota)
    with_quota = count_queries()

    assert with_price_step - plain == 1
    # SQLite raises the quota's counter in a statement of its own.
    assert with_quota - with_price_step == (0 if connection.vendor == "postgresql" else 1)
    assert list_reserved(ticket, quota) == [3, 1]


@pytest.mark.parametrize("people", [1, 5])
def test_min_and_max_per_order_are_enforced(people: int):
    event = make_event()
    make_ticket(event, min_per_order=2, max_per_order=4)
    with pytest.raises(InvalidFields) as refusal:
        place_order(event=event, request=make_request(people))
    assert list(refusal.value.field_errors) == ["registrations"]
    place_order(event=event, request=make_request(3))


# --- vouchers ---------------------------------------------------------------------------------------


def test_voucher_is_counted_per_attendee_and_released_on_cancellation():
    event = make_event()
    make_ticket(event, price=10_000)
    voucher = make_voucher(event, capacity=3)
    order = place_order(event=event, request=make_request(2, code=" half "))
    assert (order.total, list_reserved(voucher)) == (10_000, [2])
    one = order.registrations.first()
    assert one.reductions == [{"reason": "code", "amount": 5_000, "percent": 50}]
    cancel_registration(registration=one)
    assert list_reserved(voucher) == [1]


def test_voucher_with_fewer_uses_than_attendees_applies_to_first():
    event = make_event()
    make_ticket(event, price=10_000)
    make_voucher(event)
    order = place_order(event=event, request=make_request(2, code="HALF"))
    assert list(order.registrations.order_by("pk").values_list("price", flat=True)) == [5_000, 10_000]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "OTHER"),
        ({"reserved": 1}, "HALF"),
        ({"closes_at": timezone.now() - DAY}, "HALF"),
        ({"opens_at": timezone.now() + DAY}, "HALF"),
        ({"for_company": "Acme"}, "HALF"),
        ({"for_address": "@example.com"}, "HALF"),
    ],
)
def test_voucher_that_does_not_apply_is_refused(fields: dict, code: str):
    event = make_event()
    make_ticket(event, price=10_000)
    make_voucher(event, **fields)
    with pytest.raises(InvalidFields) as refusal:
        place_order(event=event, request=make_request(code=code))
    assert list(refusal.value.field_errors) == ["code"]


@pytest.mark.parametrize("fields", [{"for_company": "ACME"}, {"for_address": "@Example.org"}])
def test_voucher_for_company_or_address_applies(fields: dict):
    event = make_event()
    make_ticket(event, price=10_000)
    make_voucher(event, **fields)
    assert place_order(event=event, request=make_request(code="HALF", company="Acmé")).total == 5_000


def test_refused_voucher_names_tickets_it_is_for():
    event = make_event()
    make_ticket(event, price=10_000)
    make_voucher(event, make_ticket(event, slug="vendor", name="Fournisseur"))
    with pytest.raises(InvalidFields) as refusal:
        place_order(event=event, request=make_request(code="HALF"))
    assert "Fournisseur" in refusal.value.field_errors["code"][0]


def test_access_code_opens_hidden_ticket_and_is_counted():
    event = make_event()
    hidden = make_ticket(event, slug="vip", is_public=False)
    voucher = make_voucher(event, hidden, kind="access", value=0, capacity=2)
    with pytest.raises(InvalidFields) as refusal:
        place_order(event=event, request=make_request(ticket="vip"))
    assert list(refusal.value.field_errors) == ["registrations.0.ticket"]
    place_order(event=event, request=make_request(2, ticket="vip", code="HALF"))
    assert list_reserved(voucher, hidden) == [2, 2]
    Voucher.objects.update(reserved=1)
    with pytest.raises(InvalidFields) as refusal:
        place_order(event=event, request=make_request(2, ticket="vip", code="HALF"))
    assert list(refusal.value.field_errors) == ["registrations.1.ticket"]


def test_used_up_voucher_of_quoted_order_is_reported_as_price_change():
    event = make_event()
    make_ticket(event, price=10_000)
    make_voucher(event, reserved=1)
    with pytest.raises(PriceChanged):
        place_order(event=event, request=make_request(code="HALF", expected_total=5_000))


def test_database_constraint_limits_voucher_uses():
    voucher = make_voucher(make_event())
    with pytest.raises(IntegrityError), transaction.atomic():
        Voucher.objects.filter(pk=voucher.pk).update(reserved=2)


def test_vouchers_created_from_template_have_unique_codes():
    event = make_event()
    ticket = make_ticket(event)
    like = Voucher(event=event, code="SPONSOR", label="Acme", kind="fixed", value=9_000, capacity=1)
    made = create_vouchers(template=like, tickets=[ticket], count=40)
    codes = set(event.vouchers.values_list("code", flat=True))
    assert (len(made), len(codes), {code[:8] for code in codes}) == (40, 40, {"SPONSOR-"})
    assert {tuple(voucher.tickets.all()) for voucher in event.vouchers.all()} == {(ticket,)}
    assert AuditEntry.objects.filter(verb="vouchers.create").count() == 1


def test_used_voucher_cannot_be_removed():
    event = make_event()
    make_ticket(event, price=10_000)
    voucher = make_voucher(event)
    order = place_order(event=event, request=make_request(code="HALF"))
    cancel_registration(registration=order.registrations.get())
    with pytest.raises(VoucherInUse):
        remove_voucher(voucher=voucher)
    other = make_voucher(event, code="OTHER")
    remove_voucher(voucher=other)
    assert list(event.vouchers.all()) == [voucher]


# --- add-ons ----------------------------------------------------------------------------------------


def test_addons_are_priced_counted_and_released():
    event = make_event()
    make_ticket(event, price=10_000)
    dinner = make_addon(event, capacity=2, vat_rate=1000)
    order = place_order(event=event, request=make_request(2, addons=("dinner",)))
    assert (order.total, order.amount_due.amount, list_reserved(dinner)) == (29_000, 29_000, [2])
    one = order.registrations.first()
    assert [(a.addon.slug, a.price, a.vat_rate) for a in one.active_addons] == [("dinner", 4_500, 1000)]
    with pytest.raises(SoldOut, match="Dîner"):
        place_order(event=event, request=make_request(addons=("dinner",)))
    cancel_registration(registration=one)
    assert (list_reserved(dinner), order.amount_due.amount) == ([1], 14_500)
    assert order.registrations.get(pk=one.pk).active_addons == []


@pytest.mark.parametrize(
    ("addons", "fields"),
    [
        (("dinner", "dinner"), {}),
        (("lunch",), {}),
        (("dinner",), {"closes_at": timezone.now() - DAY}),
        (("dinner",), {"currency": "USD"}),
    ],
)
def test_unavailable_addons_are_refused(addons: tuple[str, ...], fields: dict):
    event = make_event()
    make_ticket(event)
    make_addon(event, **fields)
    with pytest.raises(InvalidFields) as refusal:
        place_order(event=event, request=make_request(addons=addons))
    where = "registrations" if "currency" in fields else "registrations.0.addons"
    assert list(refusal.value.field_errors) == [where]


def test_addon_is_restricted_to_its_tickets():
    event = make_event()
    make_ticket(event)
    vendor = make_ticket(event, slug="vendor")
    make_addon(event).tickets.add(vendor)
    place_order(event=event, request=make_request(ticket="vendor", addons=("dinner",)))
    with pytest.raises(InvalidFields, match="champs"):
        place_order(event=event, request=make_request(addons=("dinner",)))


def test_sold_addon_can_be_neither_removed_nor_reduced():
    event = make_event()
    make_ticket(event)
    dinner = make_addon(event)
    place_order(event=event, request=make_request(addons=("dinner",)))
    dinner.capacity = 0
    with pytest.raises(InvalidFields):
        save_addon(addon=dinner, tickets=[], changed=["capacity"])
    with pytest.raises(AddonInUse):
        remove_addon(addon=dinner)
    remove_addon(addon=make_addon(event, slug="lunch"))
    assert list(event.addons.values_list("slug", flat=True)) == ["dinner"]


# --- quotas -----------------------------------------------------------------------------------------


def create_quota(event, capacity: int, *tickets: Ticket) -> Quota:
    quota = Quota(event=event, name="Salle", capacity=capacity)
    return save_quota(quota=quota, tickets=tickets, changed=["name", "capacity", "tickets"])


def test_tickets_are_limited_by_shared_quota_and_own_capacity():
    event = make_event()
    guest, vendor = make_ticket(event, capacity=3), make_ticket(event, slug="vendor")
    quota = create_quota(event, 4, guest, vendor)
    place_order(event=event, request=make_request(2))
    place_order(event=event, request=make_request(1, ticket="vendor"))
    with pytest.raises(SoldOut):
        place_order(event=event, request=make_request(2, ticket="vendor"))
    both = dataclasses.replace(
        make_request(), places=(*make_request().places, *make_request(ticket="vendor").places)
    )
    with pytest.raises(SoldOut):
        place_order(event=event, request=both)
    assert list_reserved(guest, vendor, quota) == [2, 1, 3]
    one = place_order(event=event, request=make_request(1)).registrations.get()
    assert list_reserved(guest, quota) == [3, 4]
    cancel_registration(registration=one)
    assert list_reserved(guest, quota) == [2, 3]


def test_new_quota_counts_sold_places_and_cannot_be_smaller():
    event = make_event()
    guest, vendor = make_ticket(event), make_ticket(event, slug="vendor")
    place_order(event=event, request=make_request(3))
    place_order(event=event, request=make_request(2, ticket="vendor"))
    with pytest.raises(InvalidFields):
        create_quota(event, 4, guest, vendor)
    quota = create_quota(event, 5, guest, vendor)
    assert list_reserved(quota) == [5]
    guest.refresh_from_db()
    other = save_quota(
        quota=Quota(event=event, name="Étage", capacity=9), tickets=[guest], changed=["tickets"]
    )
    assert list_reserved(quota, other) == [2, 3]
    remove_quota(quota=other)
    guest.refresh_from_db()
    assert (guest.quota, guest.remaining) == (None, None)


def test_order_with_older_catalog_counts_in_quota_created_since():
    event = make_event()
    ticket = make_ticket(event)
    sold = load_catalog(event, {"guest"})
    quota = create_quota(event, 2, ticket)
    place_order(event=sold.event, request=make_request(2), context=OrderContext(catalog=sold))
    assert list_reserved(ticket, quota) == [2, 2]
    with pytest.raises(SoldOut):
        place_order(event=sold.event, request=make_request(1), context=OrderContext(catalog=sold))
    assert list_reserved(ticket, quota) == [2, 2]


def test_expired_hold_releases_all_items_and_late_verification_reserves_them():
    event = make_event()
    ticket = make_ticket(event, slug="member", audience="member", price=10_000, capacity=9)
    quota, dinner, voucher = create_quota(event, 9, ticket), make_addon(event), make_voucher(event)
    member = make_member(email="z0@example.org")
    request = make_request(ticket="member", addons=("dinner",), code="HALF")
    order = place_order(event=event, request=request, context=make_verified_context())
    rows = (ticket, quota, dinner, voucher)
    assert list_reserved(*rows) == [1, 1, 1, 1]
    later = timezone.now() + datetime.timedelta(minutes=31)
    assert (release_ticket_holds([ticket.pk], at=later), list_reserved(*rows)) == (1, [0, 0, 0, 0])
    proven = verify_membership(registration=order.registrations.get())
    assert (proven.person, list_reserved(*rows)) == (member, [1, 1, 1, 1])


def test_price_steps_are_saved_with_ticket_and_audited_when_changed():
    event = make_event()
    ticket = make_ticket(event, price=15_000)
    until = timezone.now() + DAY
    for _twice in range(2):
        save_ticket(ticket=ticket, changed=[], steps=[PriceStep(price=1, ends_at=until)])
    fields = list(
        AuditEntry.objects.filter(verb="ticket.change").order_by("pk").values_list("fields", flat=True)
    )
    assert (fields, ticket.price_steps.count()) == ([["price_steps"], []], 1)


def test_default_tickets_are_locked_together_before_one_is_changed():
    """Lock by id: otherwise the save and an order of both tickets could wait for each other."""
    first = make_ticket()
    second = make_ticket(first.event, slug="second", is_default=True)
    first.is_default = True

    with CaptureQueriesContext(connection) as queries:
        save_ticket(ticket=first, changed=["is_default"])

    statements = [query["sql"] for query in queries if '"registrations_ticket"' in query["sql"]]
    update = next(number for number, sql in enumerate(statements) if sql.startswith("UPDATE"))
    lock = statements[update - 1]
    assert f"IN ({second.pk}, {first.pk})" in lock
    assert "ORDER BY" in lock


def test_access_code_of_hidden_ticket_is_used_even_if_pass_pays():
    company = make_company()
    company.memberships.update(passes=1)
    member = make_member(company)
    hidden = make_ticket(slug="vip", audience="member", is_public=False, price=20_000, uses_pass=True)
    voucher = make_voucher(hidden.event, hidden, kind="access", value=0, capacity=1)
    request = OrderRequest(
        email=member.email,
        places=(RequestedPlace(ticket="vip", first_name="Ana", last_name="Silva", email=member.email),),
        code="HALF",
    )

    order = place_order(event=hidden.event, request=request, context=OrderContext(person=member))

    assert order.total == 0
    assert list_reserved(voucher) == [1]


@pytest.mark.parametrize(
    ("capacity", "sentence"),
    [(2, "Il ne reste plus de place"), (3, "Il ne reste que 1"), (4, "Il ne reste que 2")],
)
def test_sold_out_error_says_how_many_places_others_left(capacity: int, sentence: str):
    ticket = make_ticket(capacity=capacity)
    Ticket.objects.update(reserved=2)

    with pytest.raises(SoldOut, match=sentence):
        reserve_items({ticket: 3})
