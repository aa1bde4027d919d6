"""Options with limited capacity: never oversold, and counted while a hold lasts."""

import datetime
import itertools
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from convention.errors import SoldOut
from convention.events.models import Event
from convention.tables.files import read_table
from registrations.booking.accept_offer import accept_ticket_offer
from registrations.booking.change_answers import save_answers
from registrations.booking.join_waiting_list import WaitingRequest, join_ticket_list
from registrations.booking.place_order import place_order
from registrations.changes.cancel import cancel_registration
from registrations.changes.substitute import substitute_attendee
from registrations.import_export.import_registrations import import_registrations
from registrations.import_export.undo_import import undo_import
from registrations.models import Order, Question, QuestionOption, Registration
from registrations.order_request import OrderRequest, RequestedPlace
from registrations.questions.statistics import count_option_choices
from registrations.waiting_list.periodic import process_waiting_lists
from tests.factories import make_order, make_question, make_registration
from tests.threads import run_in_threads


def place(number: int, **answers: str) -> RequestedPlace:
    words = {"first_name": "Zoé", "last_name": "Müller", "email": f"z{number}@example.org"}
    return RequestedPlace(ticket="guest", answers=answers, **words)


def order(event: Event, *places: RequestedPlace) -> Order:
    return place_order(event=event, request=OrderRequest(email=places[0].email, places=places))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("places", "kept"), [(1, 1), (2, 2), (None, 2)])
def test_concurrent_requests_never_exceed_option_capacity(event: Event, places: int | None, kept: int):
    """Refuse one of two requests only if the capacity is too small for both."""
    make_question(event, "workshop", [("forge", places), "walk"])
    known = make_registration(event.tickets.get(), answers={"workshop": "walk"})

    found = run_in_threads(
        [
            lambda: save_answers(registration=known, given={"workshop": "forge"}),
            lambda: order(event, place(1, workshop="forge")),
        ]
    )

    assert [one for one in found if not isinstance(one, SoldOut | Registration | Order)] == []
    assert len([one for one in found if not isinstance(one, SoldOut)]) == kept
    assert count_option_choices(Question.objects.get())["forge"] == kept
    assert QuestionOption.objects.get(slug="forge").reserved == (kept if places else 0)


@pytest.mark.django_db
def test_order_of_two_reserves_both_option_places_or_none(event: Event):
    make_question(event, "workshop", [("forge", 1)])

    with pytest.raises(SoldOut, match="Forge"):
        order(event, place(1, workshop="forge"), place(2, workshop="forge"))
    assert Order.objects.count() == 0
    assert QuestionOption.objects.get().reserved == 0
    assert event.tickets.get().reserved == 0


@pytest.mark.django_db
def test_option_count_follows_changes_imports_and_cancellations(event: Event):
    event.tickets.update(capacity=3)
    make_question(event, "workshop", [("forge", 2), ("walk", 9)])

    def counted() -> tuple[int, int]:
        taken = dict(QuestionOption.objects.values_list("slug", "reserved"))
        chosen = count_option_choices(Question.objects.get())
        assert {slug: chosen[slug] for slug in taken} == taken
        return taken["forge"], taken["walk"]

    both = order(event, place(1, workshop="forge"), place(2, workshop="forge"))
    first, second = both.registrations.order_by("pk")
    listed = make_registration(event.tickets.get(), order=make_order(event, email="zoe@example.org"))
    assert counted() == (2, 0)
    save_answers(registration=first, given={"workshop": "walk"})
    assert counted() == (1, 1)
    table = "first_name,last_name,email,workshop\nZoé,Müller,zoe@example.org,forge\n"
    done = import_registrations(event=event, table=read_table("list.csv", table.encode()))
    assert counted() == (2, 1)
    with pytest.raises(SoldOut):
        save_answers(registration=first, given={"workshop": "forge"})
    assert counted() == (2, 1)
    undo_import(import_run=done.import_run)
    assert counted() == (1, 1)
    substitute_attendee(registration=second, new_attendee=place(7))
    assert counted() == (0, 1)
    wish = WaitingRequest(first_name="Léa", last_name="Roy", email="w@example.org")
    entry = join_ticket_list(ticket=event.tickets.get(), request=wish)
    cancel_registration(registration=first)
    assert counted() == (0, 0)
    process_waiting_lists()
    entry.refresh_from_db()
    promoted = accept_ticket_offer(entry=entry).registrations.get()
    save_answers(registration=promoted, given={"workshop": "forge"})
    assert counted() == (1, 0)
    assert listed.answers == {}


@pytest.mark.django_db
def test_changed_options_are_updated_in_order_of_their_ids(event: Event):
    """Avoid a deadlock of two attendees who swap two options."""
    question = make_question(event, "workshop", [("forge", 2), ("walk", 2)])
    registration = make_registration(event.tickets.get(), answers={"workshop": "walk"})

    with CaptureQueriesContext(connection) as queries:
        save_answers(registration=registration, given={"workshop": "forge"})

    updates = [q["sql"] for q in queries if q["sql"].startswith('UPDATE "registrations_questionoption"')]
    locked_ids = [int(re.search(r'"id" = (\d+)', sql).group(1)) for sql in updates]
    assert locked_ids == list(question.options.order_by("pk").values_list("pk", flat=True))


@pytest.mark.django_db
def test_option_of_an_order_without_a_hold_is_not_counted(event: Event):
    question = make_question(event, "workshop", [("forge", None), "walk"])
    make_registration(
        event.tickets.get(),
        answers={"workshop": "forge"},
        confirmed_at=None,
        hold_expires_at=timezone.now() + datetime.timedelta(days=1),
        is_reserved=False,
    )

    choices = count_option_choices(question)

    assert choices == {}


@pytest.mark.django_db
def test_occupied_places_match_between_database_and_python(event: Event):
    moments = (None, timezone.now())
    columns = ("confirmed_at", "cancelled_at", "hold_expires_at", "is_reserved")
    for values in itertools.product(moments, moments, moments, (True, False)):
        make_registration(event.tickets.get(), **dict(zip(columns, values, strict=True)))

    counted = set(Registration.objects.occupying_place())

    assert counted == {
        registration for registration in Registration.objects.all() if registration.occupies_place
    }
