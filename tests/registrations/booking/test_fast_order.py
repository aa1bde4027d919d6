"""The fast path of saving an order writes the rows of the plain path, and nothing if stock is short."""

import dataclasses
from typing import Any

import pytest
from django.db import connection, transaction
from django.forms.models import model_to_dict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from convention.club.models import Person
from convention.db.raw_sql import execute_statement
from convention.errors import ConventionError, InvalidFields, NotOpenNow, SoldOut
from convention.events.models import Event
from registrations.booking import fast_order, save_order
from registrations.booking.fast_order import save_order_fast
from registrations.booking.place_order import place_order
from registrations.changes.cancel import cancel_registration
from registrations.inventory.stock import CompanyFull, find_full_company
from registrations.models import CompanyShare, IdempotencyKey, Order, Quota, Registration, Ticket, Voucher
from registrations.order_context import OrderContext
from registrations.order_request import OrderRequest, RequestedPlace
from registrations.pricing.catalog import load_catalog
from tests.factories import make_company, make_event, make_member, make_question, make_ticket, make_voucher

pytestmark = pytest.mark.django_db

# Fields that differ between any two orders.
UNIQUE_FIELDS = {"id", "reference", "order", "confirmed_at", "search", "sequence", "key_hash", "content_hash"}


def make_request(people: int = 1, *, ticket: str = "guest", email: str = "", **fields: Any) -> OrderRequest:
    places = tuple(
        RequestedPlace(ticket=ticket, first_name="Zoé", last_name=f"M{n}", email=email) for n in range(people)
    )
    return OrderRequest(**{"email": "buyer@example.org", "places": places, **fields})


@pytest.fixture
def ticket() -> Ticket:
    event = make_event()
    quota = Quota.objects.create(event=event, name="Salle", capacity=9)
    ticket = make_ticket(event, price=10_000, capacity=8, quota=quota)
    make_voucher(event, ticket, capacity=7)
    return ticket


@pytest.fixture
def ways(monkeypatch):
    """Return the list of the ways in which orders were saved."""
    taken: list[str] = []

    def record(booking) -> bool:
        is_saved = False
        try:
            is_saved = save_order_fast(booking)
        finally:
            taken.append("fast" if is_saved else "plain")
        return is_saved

    monkeypatch.setattr(save_order, "save_order_fast", record)
    return taken


@pytest.fixture
def only_plain(monkeypatch):
    def switch_off() -> None:
        monkeypatch.setattr(save_order, "save_order_fast", lambda _booking: False)

    return switch_off


def describe_order(order: Order) -> list[Any]:
    """Return the rows and the task written for an order, with unique values and times removed."""
    rows = [order, *order.registrations.order_by("pk"), *IdempotencyKey.objects.filter(order=order)]
    described = [
        {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields} for row in rows
    ]
    for values in described:
        for name in list(values):
            if name.removesuffix("_id") in UNIQUE_FIELDS or name.endswith("_at"):
                values[name] = values[name] is None
    task = DBTaskResult.objects.get(args_kwargs={"args": [order.pk], "kwargs": {}})
    return [*described, task.task_path, task.queue_name, task.priority, task.status, task.run_after]


def list_counters(event: Event) -> list[int]:
    stocks = [*event.tickets.order_by("pk"), *event.quotas.all(), *event.vouchers.all()]
    shares = CompanyShare.objects.order_by("pk").values_list("reserved", flat=True)
    return [*(stock.reserved for stock in stocks), *shares]


SHAPES = {
    "one place": {},
    "three places": {"people": 3},
    "a voucher": {"code": "HALF"},
    "two places and a voucher": {"people": 2, "code": "HALF"},
}


@pytest.mark.parametrize("key", ["", "k" * 20])
@pytest.mark.parametrize("shape", SHAPES)
def test_both_ways_write_the_same_rows(ticket, ways, only_plain, shape, key):
    request = make_request(**SHAPES[shape])

    def place(number: int) -> tuple[Order, list[int]]:
        context = OrderContext(idempotency_key=key and f"{key}{number}", source="api")
        before = list_counters(ticket.event)
        order = place_order(event=ticket.event, request=request, context=context)
        return order, [after - b for after, b in zip(list_counters(ticket.event), before, strict=True)]

    fast, fast_counts = place(1)
    only_plain()
    plain, plain_counts = place(2)

    assert ways == ["fast"]
    assert describe_order(fast) == describe_order(plain)
    assert fast_counts == plain_counts
    event = Event.objects.get()
    sequences = [set(order.registrations.values_list("sequence", flat=True)) for order in (fast, plain)]
    assert sequences == [{event.sequence - 1}, {event.sequence}]


def test_both_ways_write_the_same_rows_for_a_member(ticket, ways, only_plain):
    make_ticket(ticket.event, slug="member", audience="member", company_cap=2, capacity=5)
    company = make_company()

    def place(member: Person) -> Order:
        request = make_request(ticket="member", email=member.email)
        return place_order(event=ticket.event, request=request, context=OrderContext(person=member))

    fast = place(make_member(company))
    shares = [CompanyShare.objects.get().reserved]
    only_plain()
    plain = place(make_member(company))
    shares.append(CompanyShare.objects.get().reserved)

    assert ways == ["fast"]
    assert shares == [1, 2]
    described = [describe_order(order) for order in (fast, plain)]
    for rows in described:
        for values in (rows[0], rows[1]):
            values.pop("email", None)
            values.pop("person_id", None)
    assert described[0] == described[1]


def test_postgresql_saves_in_one_statement_and_sqlite_in_few(ticket, monkeypatch):
    load_catalog(ticket.event, {"guest"})
    # Past Django's cursor, which would capture it.
    direct: list[str] = []

    def record(statement, values):
        direct.append(statement)
        return execute_statement(statement, values)

    monkeypatch.setattr(fast_order, "execute_statement", record)

    with CaptureQueriesContext(connection) as queries:
        place_order(event=ticket.event, request=make_request())

    statements = [sql.split()[0] for sql in [*(query["sql"] for query in queries), *direct]]
    writes = [verb for verb in statements if verb in ("INSERT", "UPDATE", "WITH")]
    expected = {"postgresql": ["WITH"], "sqlite": ["UPDATE"] * 3 + ["INSERT"] * 3}
    assert writes == expected[connection.vendor]


def prepare_member_order(ticket: Ticket, **changes: Any) -> dict[str, Any]:
    """Return the arguments to order a member ticket that got these values since the catalog was loaded."""
    member = make_ticket(ticket.event, slug="member", audience="member", company_cap=2, capacity=5)
    person = make_member(make_company())
    catalog = load_catalog(ticket.event, {member.slug})
    if changes:
        Ticket.objects.filter(pk=member.pk).update(**changes)
    request = make_request(ticket="member", email=person.email)
    context = OrderContext(person=person, catalog=catalog)
    return {"event": ticket.event, "request": request, "context": context}


def test_member_order_needs_one_savepoint_within_outer_transaction(ticket, ways):
    prepared = prepare_member_order(ticket)

    with CaptureQueriesContext(connection) as queries:
        place_order(**prepared)

    assert ways == ["fast"]
    assert sum(query["sql"].startswith("SAVEPOINT") for query in queries) == 1


def test_member_order_writes_nothing_if_ticket_sold_out_since_catalog_was_loaded(ticket, ways):
    prepared = prepare_member_order(ticket, capacity=0)

    with pytest.raises(SoldOut):
        place_order(**prepared)

    assert ways == ["plain"]
    assert not Order.objects.exists()
    assert not CompanyShare.objects.exists()


@pytest.mark.parametrize("is_plain", [False, True], ids=["fast", "plain"])
def test_order_is_refused_if_event_was_cancelled_since_it_was_loaded(ticket, ways, only_plain, is_plain):
    if is_plain:
        only_plain()
    Event.objects.filter(pk=ticket.event_id).update(cancelled_at=timezone.now(), cancellation_reason="Strike")

    with pytest.raises(NotOpenNow, match="Strike"):
        place_order(event=ticket.event, request=make_request())

    assert not Order.objects.exists()
    assert Ticket.objects.get().reserved == 0


def test_member_order_is_saved_in_the_plain_way_if_the_fast_way_fails(ticket, ways):
    other_quota = Quota.objects.create(event=ticket.event, name="B", capacity=3)
    prepared = prepare_member_order(ticket, quota=other_quota)

    order = place_order(**prepared)

    assert ways == ["plain"]
    assert order.registrations.get().person_id
    assert CompanyShare.objects.get().reserved == 1


@pytest.mark.parametrize(
    ("reserved", "places", "is_full"), [(0, 2, False), (0, 3, True), (1, 1, False), (1, 2, True)]
)
def test_company_is_full_above_its_cap(ticket, reserved, places, is_full):
    ticket.company_cap, company = 2, make_company()
    if reserved:
        CompanyShare.objects.create(ticket=ticket, company=company, reserved=reserved)

    error = find_full_company({(ticket, company): places})

    assert bool(error) == is_full


UNUSUAL = {
    "two tickets": lambda request: dataclasses.replace(
        request, places=(*request.places, dataclasses.replace(request.places[0], ticket="other"))
    ),
    "an add-on": lambda request: dataclasses.replace(
        request, places=(dataclasses.replace(request.places[0], addons=("dinner",)),)
    ),
    "a limited option": lambda request: dataclasses.replace(
        request, places=(dataclasses.replace(request.places[0], answers={"meal": "fish"}),)
    ),
}


@pytest.mark.parametrize("kind", UNUSUAL)
def test_unusual_orders_are_saved_in_the_plain_way(ticket, ways, kind):
    make_ticket(ticket.event, slug="other")
    ticket.event.addons.create(slug="dinner", name="Dîner")
    make_question(ticket.event, "meal", [("fish", 3)], is_required=False)

    order = place_order(event=ticket.event, request=UNUSUAL[kind](make_request()))

    assert ways == ["plain"]
    assert order.registrations.exists()


def give_full_quota(ticket: Ticket) -> None:
    Ticket.objects.update(quota=Quota.objects.create(event=ticket.event, name="B", capacity=0))


# Changes made after the catalog was loaded, and the error that the order raises.
CHANGES = {
    "the ticket is sold out": (lambda ticket: Ticket.objects.update(capacity=0), SoldOut),
    "the quota is used up": (lambda ticket: Quota.objects.update(capacity=0), SoldOut),
    "the voucher is used up": (lambda ticket: Voucher.objects.update(reserved=7), InvalidFields),
    "another quota, full": (give_full_quota, SoldOut),
    "the ticket was deleted": (lambda ticket: Ticket.objects.all().delete(), SoldOut),
}


@pytest.mark.parametrize("change", CHANGES)
def test_order_writes_nothing_if_stock_ran_out_since_catalog_was_loaded(ticket, ways, change):
    event, catalog = ticket.event, load_catalog(ticket.event, {"guest"}, "HALF")
    action, error = CHANGES[change]
    action(ticket)
    before = list_counters(event)

    with pytest.raises(error), transaction.atomic():
        place_order(event=event, request=make_request(code="HALF"), context=OrderContext(catalog=catalog))

    assert set(ways) <= {"plain"}
    assert list_counters(event) == before
    assert not Order.objects.exists()
    assert Event.objects.get().sequence == event.sequence


def test_quota_assigned_since_catalog_was_loaded_is_counted(ticket):
    catalog = load_catalog(ticket.event, {"guest"})
    other = Quota.objects.create(event=ticket.event, name="B", capacity=3)
    Ticket.objects.update(quota=other)

    place_order(event=ticket.event, request=make_request(), context=OrderContext(catalog=catalog))

    other.refresh_from_db()
    assert other.reserved == 1
    assert Quota.objects.get(name="Salle").reserved == 0


def test_voucher_deleted_since_catalog_was_loaded_is_refused(ticket):
    catalog = load_catalog(ticket.event, {"guest"}, "HALF")
    Voucher.objects.all().delete()

    with pytest.raises(ConventionError):
        place_order(
            event=ticket.event, request=make_request(code="HALF"), context=OrderContext(catalog=catalog)
        )

    assert not Order.objects.exists()
    assert Ticket.objects.get().reserved == 0


def test_member_of_company_at_its_cap_is_refused(ticket):
    make_ticket(ticket.event, slug="member", audience="member", company_cap=1, capacity=5)
    company = make_company()
    orders = []
    for member in (make_member(company), make_member(company)):
        request = make_request(ticket="member", email=member.email)
        orders.append((request, OrderContext(person=member)))
    place_order(event=ticket.event, request=orders[0][0], context=orders[0][1])

    with pytest.raises(CompanyFull):
        place_order(event=ticket.event, request=orders[1][0], context=orders[1][1])

    assert CompanyShare.objects.get().reserved == 1
    assert Ticket.objects.get(slug="member").reserved == 1


def test_repeated_idempotency_key_returns_first_order(ticket):
    context = OrderContext(idempotency_key="k" * 20)
    first = place_order(event=ticket.event, request=make_request(), context=context)

    second = place_order(event=ticket.event, request=make_request(), context=context)

    assert second == first
    assert Registration.objects.count() == 1


def test_a_released_place_is_sold_again(ticket, ways):
    Ticket.objects.update(capacity=1)
    place_order(event=ticket.event, request=make_request())
    with pytest.raises(SoldOut):
        place_order(event=ticket.event, request=make_request())
    cancel_registration(registration=Registration.objects.get())

    place_order(event=ticket.event, request=make_request())

    assert ways == ["fast", "fast"]
    assert Ticket.objects.get().reserved == 1


def test_refused_order_rolls_back_alone_within_outer_transaction(ticket):
    catalog = load_catalog(ticket.event, {"guest"})
    Quota.objects.update(capacity=0)

    with transaction.atomic():
        with pytest.raises(SoldOut):
            place_order(event=ticket.event, request=make_request(), context=OrderContext(catalog=catalog))
        Event.objects.update(name="Still written")

    assert Event.objects.get().name == "Still written"
    assert model_to_dict(Ticket.objects.get())["capacity"] == 8
    assert Ticket.objects.get().reserved == 0
