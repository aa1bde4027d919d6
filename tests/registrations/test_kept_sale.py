"""What is on sale is kept between orders: it never sells what changed since, and it never refuses."""

import datetime
import threading

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from convention.events.models import Event
from registrations.changes.cancel import cancel_registration
from registrations.fast_path import catalog_version
from registrations.fast_path.sale_cache import get_cached_catalog, load_catalog
from registrations.models import (
    CatalogVersion,
    Order,
    PriceStep,
    QuestionOption,
    Quota,
    Registration,
    Ticket,
    Voucher,
)
from tests.factories import make_event, make_question, make_ticket, make_voucher
from tests.rush import in_threads

from .test_orders_api import body, post

pytestmark = pytest.mark.django_db(transaction=True)
ASKED = ({"guest"}, "HALF")


@pytest.fixture
def ticket() -> Ticket:
    ticket = make_ticket(make_event(), price=10_000, capacity=50)
    make_voucher(ticket.event, ticket, capacity=20)
    dinner = make_question(ticket.event, "dinner", ["yes", ("no", 3)], is_required=False)
    make_question(
        ticket.event, "meal", ["fish"], shown_after_option=dinner.options.first(), is_required=False
    )
    ticket.quota = Quota.objects.create(event=ticket.event, name="Salle", capacity=50)
    ticket.save()
    return ticket


def mark() -> str:
    return CatalogVersion.objects.get().version


def later(**by: float) -> datetime.datetime:
    return timezone.now() + datetime.timedelta(**by)


CHANGES = {
    "its name": lambda event: Event.objects.update(name="Other"),
    "its door": lambda event: Event.objects.update(visibility="draft"),
    "a price": lambda event: event.tickets.update(price=1),
    "a ticket that was saved": lambda event: event.tickets.get().save(),
    "another ticket": lambda event: make_ticket(event, slug="other"),
    "a ticket that is gone": lambda event: event.tickets.all().delete(),
    "a step": lambda event: PriceStep.objects.create(
        ticket=event.tickets.get(), price=1, ends_at=later(days=1)
    ),
    "a quota": lambda event: event.quotas.update(capacity=60),
    "no quota": lambda event: event.quotas.all().delete(),
    "a code": lambda event: event.vouchers.update(value=10),
    "many codes": lambda event: Voucher.objects.bulk_create(
        Voucher(event=event, code=f"C{n}", kind="percent", value=5) for n in range(3)
    ),
    "no code": lambda event: event.vouchers.all().delete(),
    "a code for all tickets": lambda event: event.vouchers.get().tickets.clear(),
    "a question": lambda event: event.questions.update(is_required=True),
    "no question": lambda event: event.questions.all().delete(),
    "another option": lambda event: QuestionOption.objects.update(text="Other"),
    "a question for one ticket": lambda event: event.questions.first().tickets.add(event.tickets.get()),
}


@pytest.mark.parametrize("what", CHANGES)
def test_the_mark_changes_with_what_is_on_sale(ticket, what):
    before = mark()
    CHANGES[what](ticket.event)
    assert mark() != before


def test_selling_and_giving_back_leave_the_mark_as_it_is(ticket):
    before = mark()
    answered = body(code="HALF")
    answered["registrations"][0]["answers"] = {"dinner": "no"}
    assert post(ticket.event, answered).status_code == 201
    assert post(ticket.event, body()).status_code == 201
    assert QuestionOption.objects.get(slug="no").reserved == 1
    cancel_registration(registration=Registration.objects.first())
    assert mark() == before


def test_a_second_order_reads_nothing_of_what_is_on_sale(ticket, django_assert_num_queries):
    post(ticket.event, body(code="HALF"))
    with django_assert_num_queries(0):
        kept = get_cached_catalog(ticket.event.slug, *ASKED)
    assert kept
    assert kept.is_cached
    assert (kept.tickets[0].price, kept.tickets[0].quota.name, kept.voucher.value) == (10_000, "Salle", 50)
    assert (kept.tickets[0].event, kept.voucher.event) == (kept.event, kept.event)
    assert post(ticket.event, body(code="HALF")).status_code == 201
    assert Registration.objects.count() == 2
    assert ticket.event.vouchers.get().reserved == 2
    ticket.refresh_from_db()
    assert (ticket.reserved, ticket.quota.reserved) == (2, 2)


def test_what_one_request_notes_on_it_is_not_there_for_the_next(ticket):
    read = load_catalog(ticket.event.slug, *ASKED)
    read.tickets[0].price = read.event.name = 0
    kept = get_cached_catalog(ticket.event.slug, *ASKED)
    kept.tickets[0].price = kept.event.name = kept.voucher.value = kept.tickets[0].quota.name = 1
    again = get_cached_catalog(ticket.event.slug, *ASKED)
    assert (again.tickets[0].price, again.event.name) == (10_000, ticket.event.name)
    assert (again.voucher.value, again.tickets[0].quota.name) == (50, "Salle")


def close(event: Event) -> None:
    Event.objects.update(registration_closes_at=later(hours=-1))


SINCE = {
    "a dearer ticket": (lambda event: event.tickets.update(price=12_000), 201, 12_000),
    "an event that closed": (close, 409, 0),
    "a draft": (lambda event: Event.objects.update(visibility="draft"), 404, 0),
    "a ticket for few": (lambda event: event.tickets.update(is_public=False), 422, 0),
    "a ticket that is gone": (lambda event: event.tickets.all().delete(), 422, 0),
    "no place": (lambda event: event.tickets.update(capacity=F("reserved")), 409, 0),
    "another quota, full": (
        lambda event: event.tickets.update(quota=event.quotas.create(name="B", capacity=0)), 409, 0
    ),
    "a question to answer": (lambda event: event.questions.update(is_required=True), 422, 0),
}  # fmt: skip


@pytest.mark.parametrize("way", ["at once", "in steps"])
@pytest.mark.parametrize("what", SINCE)
def test_nothing_is_sold_by_what_changed_since(ticket, what, way, settings):
    if way == "in steps":  # as where the queue is no table
        settings.TASKS = {"default": {"BACKEND": "django.tasks.backends.immediate.ImmediateBackend"}}
    change, status, total = SINCE[what]
    assert post(ticket.event, body()).status_code == 201
    Order.objects.all().delete()
    change(ticket.event)
    answer = post(ticket.event, body())
    assert answer.status_code == status, answer.content
    assert [order.total for order in Order.objects.all()] == [total] * (status == 201)


def test_a_code_that_is_worth_less_since_lowers_the_price_by_less(ticket):
    assert post(ticket.event, body(code="HALF")).json()["total"]["amount"] == 5_000
    ticket.event.vouchers.update(value=10)
    assert post(ticket.event, body(code="HALF")).json()["total"]["amount"] == 9_000
    ticket.event.vouchers.update(closes_at=later(hours=-1))
    assert list(post(ticket.event, body(code="HALF")).json()["errors"]) == ["code"]


def test_what_was_full_is_sold_once_a_place_is_given_back(ticket):
    ticket.event.tickets.update(capacity=1)
    assert [post(ticket.event, body()).status_code for _ in range(3)] == [201, 409, 409]
    cancel_registration(registration=Registration.objects.get())
    assert [post(ticket.event, body()).status_code for _ in range(2)] == [201, 409]


def test_a_code_used_up_is_good_again_once_a_place_is_given_back(ticket):
    ticket.event.vouchers.update(capacity=1)
    assert [post(ticket.event, body(code="HALF")).status_code for _ in range(3)] == [201, 422, 422]
    cancel_registration(registration=Registration.objects.get())
    assert [post(ticket.event, body(code="HALF")).status_code for _ in range(2)] == [201, 422]
    assert ticket.event.vouchers.get().reserved == 1


@pytest.mark.parametrize("told", [{}, {"expected_total": 15_000}])
def test_a_use_of_a_code_that_came_back_lowers_the_price_of_who_asks_next(ticket, told):
    ticket.event.vouchers.update(capacity=2)
    assert post(ticket.event, body(code="HALF")).status_code == 201
    load_catalog(ticket.event.slug, *ASKED)
    cancel_registration(registration=Registration.objects.get())
    two = body(code="HALF", **told)
    two["registrations"] *= 2
    answer = post(ticket.event, two).json()
    assert (answer.get("total") or answer["quote"]["total"])["amount"] == 10_000


def test_a_code_that_came_back_is_not_passed_over_at_the_full_price(ticket):
    ticket.event.vouchers.update(capacity=1)
    assert post(ticket.event, body(code="HALF")).status_code == 201
    load_catalog(ticket.event.slug, *ASKED)
    cancel_registration(registration=Registration.objects.get())
    answer = post(ticket.event, body(code="HALF", expected_total=10_000))
    assert (answer.status_code, answer.json()["quote"]["total"]["amount"]) == (409, 5_000)


def test_the_same_key_gives_the_same_order_by_what_is_kept_too(ticket):
    headers = {"Idempotency-Key": "k" * 20}
    first, second = (post(ticket.event, body(), **headers).json() for _ in range(2))
    ticket.event.tickets.update(price=12_000, capacity=1)
    third = post(ticket.event, body(), **headers).json()
    assert first["reference"] == second["reference"] == third["reference"]
    other = post(ticket.event, body(company="Other"), **headers)
    assert (other.status_code, Order.objects.count()) == (422, 1)


def test_a_lower_price_ends_when_it_should(ticket, monkeypatch):
    PriceStep.objects.create(ticket=ticket, price=8_000, ends_at=later(hours=1))
    assert [post(ticket.event, body()).json()["total"]["amount"] for _ in range(2)] == [8_000, 8_000]
    after = later(hours=2)
    monkeypatch.setattr(timezone, "now", lambda: after)
    assert post(ticket.event, body()).json()["total"]["amount"] == 10_000


def test_nothing_is_kept_within_a_transaction(ticket):
    slug = ticket.event.slug
    with transaction.atomic():
        ticket.event.tickets.update(price=1)
        assert load_catalog(slug, *ASKED).tickets[0].price == 1
        assert get_cached_catalog(slug, *ASKED) is None
        transaction.set_rollback(True)
    assert get_cached_catalog(slug, *ASKED) is None
    load_catalog(slug, *ASKED)
    with transaction.atomic():
        assert get_cached_catalog(slug, *ASKED) is None
    assert get_cached_catalog(slug, *ASKED).tickets[0].price == 10_000


def test_what_is_not_there_is_not_kept(ticket):
    slug = ticket.event.slug
    for tickets, code in (({"guest", "other"}, ""), ({"guest"}, "OTHER")):
        assert load_catalog(slug, tickets, code)
        assert get_cached_catalog(slug, tickets, code) is None
    assert load_catalog("nowhere", {"guest"}, "") is None
    assert get_cached_catalog("nowhere", {"guest"}, "") is None


def test_while_tables_are_altered_nothing_is_kept(ticket):
    slug = ticket.event.slug
    load_catalog(slug, *ASKED)
    before = mark()
    catalog_version.drop_all_triggers(using="default", plan=["a migration"])
    try:
        assert not CatalogVersion.objects.exists()
        ticket.event.tickets.update(price=1)
        assert post(ticket.event, body()).json()["total"]["amount"] == 1
        assert load_catalog(slug, *ASKED).version == ""
    finally:
        call_command("migrate", verbosity=0)
    assert mark() != before
    again = mark()
    ticket.event.tickets.update(price=2)
    assert mark() != again


def test_triggers_of_an_earlier_version_are_put_right(ticket):
    with connection.cursor() as cursor:
        standing = catalog_version.list_triggers(cursor)
        catalog_version.drop_triggers(cursor, dict([standing.popitem()]))
    catalog_version.install_triggers(using="default")
    with connection.cursor() as cursor:
        assert len(catalog_version.list_triggers(cursor)) == len(standing) + 1


@pytest.mark.postgresql
def test_rows_are_loaded_without_a_search_path_as_by_pg_restore(ticket):
    before = mark()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL search_path = ''")
        cursor.execute("UPDATE public.registrations_ticket SET price = 1")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert mark() != before


def test_no_mark_is_made_before_all_triggers_stand(ticket):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM registrations_catalogversion")
    try:
        ticket.event.tickets.update(price=1)
        make_ticket(ticket.event, slug="other")
        assert not CatalogVersion.objects.exists()
    finally:
        catalog_version.install_triggers(using="default")
    assert mark()


@pytest.mark.postgresql
def test_orders_go_on_while_the_triggers_are_put_away_and_in_place(ticket):
    done = threading.Event()

    def migrate() -> int:
        times = 0
        while not done.is_set():
            catalog_version.drop_all_triggers(using="default", plan=["a migration"])
            catalog_version.install_triggers(using="default")
            times += 1
        return times

    def orders() -> set[int]:
        answers = {post(ticket.event, body()).status_code for _ in range(12)}
        done.set()
        return answers

    times, *answers = in_threads([migrate, orders, orders, orders])
    assert times
    assert answers == [{201}] * 3
