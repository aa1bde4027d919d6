"""Keyed pagination returns the same rows in the same order as Django's paginator."""

import pytest
from django.core.paginator import Paginator

from convention.web.pagination import KeyedPaginator, SinglePassPaginator
from registrations.models import Registration
from tests.factories import make_registration, make_ticket

pytestmark = pytest.mark.django_db
ALL_REGISTRATIONS = Registration.objects.all()


@pytest.fixture
def people():
    """Create seven registrations, some with the same name."""
    ticket = make_ticket()
    for last_name in ("Petit", "Adam", "Petit", "Zola", "Adam", "Petit", "Roux"):
        make_registration(ticket, last_name=last_name)
    return Registration.objects.filter(event=ticket.event)


@pytest.mark.parametrize("order", [["sort_name", "pk"], ["-created_at", "-pk"], ["-last_name", "pk"]])
def test_keyed_pages_have_same_rows_as_django_pages(people, order):
    rows = people.order_by(*order)
    plain = [list(page) for page in Paginator(rows, 3)]

    assert [list(page) for page in KeyedPaginator(rows, 3, page_rows=ALL_REGISTRATIONS)] == plain
    assert [len(page) for page in plain] == [3, 3, 1]


@pytest.mark.parametrize("asked", [None, "", "1", "2", "3", "4", "99", "0", "-1", "two", "9" * 18, "²"])
def test_single_pass_page_equals_keyed_page(people, asked):
    rows = people.filter(search__contains="petit").order_by("sort_name", "pk")
    kept, one = (
        pages(rows, 2, page_rows=ALL_REGISTRATIONS).get_page(asked)
        for pages in (KeyedPaginator, SinglePassPaginator)
    )

    assert [list(one), one.number, one.paginator.count] == [list(kept), kept.number, kept.paginator.count]
    assert one.has_next() == kept.has_next()
    assert one.has_previous() == kept.has_previous()


class FewKeys(SinglePassPaginator):
    max_keys = 3


def test_single_pass_pages_are_the_same_beyond_max_keys(people):
    rows = people.order_by("sort_name", "pk")
    kept, one = (
        [list(page) for page in pages(rows, 2, page_rows=ALL_REGISTRATIONS)]
        for pages in (KeyedPaginator, FewKeys)
    )

    assert one == kept
    assert [len(page) for page in one] == [2, 2, 2, 1]


@pytest.mark.parametrize(("words", "number"), [("petit", 3), ("nobody", 0)])
def test_single_pass_finds_and_counts_in_one_query(people, words, number, django_assert_num_queries):
    rows = people.filter(search__contains=words).order_by("pk")
    with django_assert_num_queries(bool(number) + 1):  # the keys, and the rows of the page if there are any
        page = SinglePassPaginator(rows, 2, page_rows=ALL_REGISTRATIONS).get_page("1")
        assert len(list(page)) == min(number, 2)
        assert page.paginator.count == number


def test_filters_and_joins_are_preserved(people, django_assert_num_queries):
    slug, rows = people[0].ticket.slug, people.filter(last_name="Petit").order_by("pk")
    shown = ALL_REGISTRATIONS.select_related("ticket")

    with django_assert_num_queries(2):  # the number of rows, and the rows with their tickets
        page = KeyedPaginator(rows, 2, page_rows=shown).get_page("2")
        assert [(one.last_name, one.ticket.slug) for one in page] == [("Petit", slug)]

    assert page.paginator.count == 3
    assert not page.has_next()


def test_page_beyond_the_end_is_last_page(people):
    rows = people.order_by("pk")
    assert list(KeyedPaginator(rows, 3, page_rows=ALL_REGISTRATIONS).get_page("99")) == [rows[6]]


def test_no_rows_make_one_empty_page(people):
    rows = people.filter(last_name="X").order_by("pk")
    assert list(KeyedPaginator(rows, 3, page_rows=ALL_REGISTRATIONS).get_page("1")) == []
