"""Options that can run out: the last place goes to one, and is counted while it is held."""

import pytest

from convention.errors import SoldOut
from convention.events.models import Event
from convention.tables import read_table
from registrations.accept_offer import accept_ticket
from registrations.answer import answer
from registrations.answered import times_chosen
from registrations.cancel import cancel
from registrations.import_list import import_list
from registrations.join_waiting import Wish, join_for_ticket
from registrations.models import Option, Order, Question, Registration
from registrations.order_request import OrderRequest, Place
from registrations.register import register
from registrations.serve_waiting import serve_waiting
from registrations.substitute import substitute
from registrations.undo_import import undo_import
from tests.factories import make_order, make_question, make_registration
from tests.rush import in_threads


def place(number: int, **answers: str) -> Place:
    words = {"first_name": "Zoé", "last_name": "Müller", "email": f"z{number}@example.org"}
    return Place(ticket="guest", answers=answers, **words)


def order(event: Event, *places: Place) -> Order:
    return register(event=event, request=OrderRequest(email=places[0].email, places=places))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("places", "kept"), [(1, 1), (2, 2), (None, 2)])
def test_the_last_place_of_an_option_goes_to_one_of_two_at_once(event: Event, places: int | None, kept: int):
    """With a place for both, or no limit at all, nobody is refused: it is the limit that refuses."""
    make_question(event, "workshop", [("forge", places), "walk"])
    known = make_registration(event.tickets.get(), answers={"workshop": "walk"})
    found = in_threads(
        [
            lambda: answer(registration=known, given={"workshop": "forge"}),
            lambda: order(event, place(1, workshop="forge")),
        ]
    )
    assert [one for one in found if not isinstance(one, SoldOut | Registration | Order)] == []
    assert (
        len([one for one in found if not isinstance(one, SoldOut)]),
        times_chosen(Question.objects.get())["forge"],
        Option.objects.get(slug="forge").taken,
    ) == (kept, kept, kept if places else 0)


@pytest.mark.django_db
def test_an_order_of_two_takes_two_places_of_an_option_or_none(event: Event):
    make_question(event, "workshop", [("forge", 1)])
    with pytest.raises(SoldOut, match="Forge"):
        order(event, place(1, workshop="forge"), place(2, workshop="forge"))
    assert (Order.objects.count(), Option.objects.get().taken, event.tickets.get().taken) == (0, 0, 0)


@pytest.mark.django_db
def test_a_place_of_an_option_is_counted_while_somebody_has_it(event: Event):
    event.tickets.update(capacity=3)
    make_question(event, "workshop", [("forge", 2), ("walk", 9)])

    def counted() -> tuple[int, int]:
        taken = dict(Option.objects.values_list("slug", "taken"))
        chosen = times_chosen(Question.objects.get())
        assert {slug: chosen[slug] for slug in taken} == taken
        return taken["forge"], taken["walk"]

    both = order(event, place(1, workshop="forge"), place(2, workshop="forge"))
    first, second = both.registrations.order_by("pk")
    listed = make_registration(event.tickets.get(), order=make_order(event, email="zoe@example.org"))
    assert counted() == (2, 0)
    answer(registration=first, given={"workshop": "walk"})
    assert counted() == (1, 1)
    table = "first_name,last_name,email,workshop\nZoé,Müller,zoe@example.org,forge\n"
    done = import_list(event=event, table=read_table("list.csv", table.encode()))
    assert counted() == (2, 1)
    with pytest.raises(SoldOut):
        answer(registration=first, given={"workshop": "forge"})
    assert counted() == (2, 1)
    undo_import(run=done.run)
    assert counted() == (1, 1)
    substitute(registration=second, by=place(7))
    assert counted() == (0, 1)
    wish = Wish(first_name="Léa", last_name="Roy", email="w@example.org")
    entry = join_for_ticket(ticket=event.tickets.get(), wish=wish)
    cancel(registration=first)
    assert counted() == (0, 0)
    serve_waiting()
    entry.refresh_from_db()
    promoted = accept_ticket(entry=entry).registrations.get()
    answer(registration=promoted, given={"workshop": "forge"})
    assert (counted(), listed.answers) == ((1, 0), {})
