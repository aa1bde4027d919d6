"""What is read in one composed statement says the same as the ORM would; a kept page ends when it should."""

import datetime
import itertools
import operator

import pytest
from django.forms.models import model_to_dict
from django.utils import timezone

from convention.events.models import Event, Venue
from registrations.fast_path.catalog_query import query_catalog
from registrations.fast_path.event_version import compute_event_version
from registrations.models import PriceStep, Quota, Registration, Voucher
from registrations.questions.queries import load_questions
from tests.factories import (
    make_event,
    make_question,
    make_registration,
    make_session,
    make_ticket,
    make_voucher,
)

pytestmark = pytest.mark.django_db


def told(question):
    """All that is known of a question, without asking the database again."""
    options = [model_to_dict(option) for option in question.options.all()]
    tickets = sorted(ticket.pk for ticket in question.tickets.all())
    after = question.shown_after_option and model_to_dict(question.shown_after_option)
    fields = {field.name: getattr(question, field.attname) for field in question._meta.concrete_fields}
    return fields, options, tickets, after


def test_questions_are_read_at_once(event: Event, django_assert_num_queries):
    dinner = make_question(event, "dinner", ["yes", ("no", 3)])
    make_question(event, "meal", ["fish"], shown_after_option=dinner.options.get(slug="yes"))
    make_question(event, "remark").tickets.set([make_ticket(event, slug="a"), make_ticket(event, slug="b")])
    make_question(make_event(slug="other"), "elsewhere")
    expected = [told(question) for question in load_questions(event)]
    with django_assert_num_queries(1):
        found = [told(question) for question in query_catalog(event.slug).questions]
    assert (len(found), found) == (3, expected)


def test_an_event_without_questions_has_none(event: Event):
    assert query_catalog(event.slug).questions == []


def test_a_code_is_read_along_with_the_tickets_that_it_holds_for(event: Event, django_assert_num_queries):
    first, second = (make_ticket(event, slug=slug, position=place) for place, slug in enumerate("ba"))
    voucher = make_voucher(event, for_company="Mairie", closes_at=timezone.now())
    voucher.tickets.set([second, first])
    make_question(event, "remark")
    with django_assert_num_queries(1):
        sold = query_catalog(event.slug, {"a", "b", "elsewhere"}, "HALF")
        assert [ticket.slug for ticket in sold.voucher.tickets.all()] == ["b", "a"]
        assert {ticket.slug for ticket in sold.tickets} == {"a", "b"}
        assert [question.slug for question in sold.questions] == ["remark"]
    assert model_to_dict(sold.voucher) == model_to_dict(Voucher.objects.get())
    assert query_catalog(event.slug, {"a"}, "OTHER").voucher is None
    assert query_catalog("nowhere") is None


@pytest.fixture
def mark(event: Event, django_assert_num_queries):
    def read():
        found = Event.objects.select_related("venue", "host").get(pk=event.pk)
        with django_assert_num_queries(1):
            return compute_event_version(found)

    return read


CHANGES = {
    "its name": lambda event: Event.objects.update(name="Other"),
    "its place": lambda event: Event.objects.update(venue=Venue.objects.create(name="Hall")),
    "places taken": lambda event: event.tickets.update(reserved=3),
    "a price": lambda event: event.tickets.update(price=1),
    "a quota": lambda event: event.tickets.update(
        quota=Quota.objects.create(event=event, name="All", capacity=5)
    ),
    "another ticket": lambda event: make_ticket(event, slug="other"),
    "a step": lambda event: PriceStep.objects.create(
        ticket=event.tickets.get(), price=1, ends_at=timezone.now() + datetime.timedelta(days=1)
    ),
    "a programme": make_session,
}


@pytest.mark.parametrize("what", CHANGES)
def test_the_mark_changes_with_what_is_shown(event: Event, mark, what):
    before = mark()
    assert mark() == before
    CHANGES[what](event)
    assert mark() != before


def test_the_mark_changes_when_a_moment_passes(event: Event, mark, monkeypatch):
    opens = timezone.now() + datetime.timedelta(hours=1)
    event.tickets.update(opens_at=opens)
    PriceStep.objects.create(ticket=event.tickets.get(), price=1, ends_at=opens + datetime.timedelta(hours=1))
    now, seen = timezone.now(), []
    for hours in (0, 0.5, 1.5, 2.5, 2.6):
        monkeypatch.setattr(timezone, "now", lambda at=now + datetime.timedelta(hours=hours): at)
        seen.append(mark())
    same = [operator.eq(*pair) for pair in itertools.pairwise(seen)]
    assert same == [True, False, False, True]


def test_no_mark_while_a_place_is_to_be_given_back(event: Event, mark):
    registration = make_registration(event.tickets.get())
    late = timezone.now() - datetime.timedelta(minutes=1)
    Registration.objects.filter(pk=registration.pk).update(confirmed_at=None, hold_expires_at=late)
    assert mark() is None
