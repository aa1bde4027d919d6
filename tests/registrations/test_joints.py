"""Where the parts of registration meet: what one of them gives back, another one takes or bills again."""

import pytest
from django.utils import translation
from django.utils.translation import gettext

from convention.club.models import Membership, Person
from convention.errors import SoldOut
from convention.tables import read_table
from registrations.accept_offer import accept_ticket
from registrations.answer import answer
from registrations.bill import receivable_of
from registrations.cancel import cancel
from registrations.checkout.payable import index_of_payable
from registrations.confirm_paid import confirm_paid
from registrations.forget import lapsed_holds
from registrations.import_list import import_list
from registrations.invoices.balance import balance_of
from registrations.invoices.models import Receivable
from registrations.invoices.pay import record_payment
from registrations.invoices.sources import receivable_for
from registrations.join_waiting import Wish, join_for_ticket
from registrations.models import Option, Order, Passes, Registration, Ticket, Voucher
from registrations.order_request import Billing, OrderRequest, Place
from registrations.places import take_again
from registrations.prove import prove
from registrations.register import register
from tests.factories import (
    make_addon,
    make_company,
    make_event,
    make_member,
    make_question,
    make_registration,
    make_ticket,
    make_voucher,
)
from tests.registrations.checkout.makers import lapse, states
from tests.verified import by_verified

pytestmark = pytest.mark.django_db

BILLED = Billing(name="Acme", street="1 rue", postcode="35000", city="Rennes", country="FR")


def person(ticket: str, email: str, **more) -> Place:
    return Place(ticket=ticket, first_name="Zoé", last_name="Müller", email=email, **more)


def order_for(event, *places: Place, payment: str = "card", code: str = "", **means) -> Order:
    """By card unless it is said; on invoice by somebody whose address is verified."""
    request = OrderRequest(email="b@example.org", places=places, payment=payment, billing=BILLED, code=code)
    return register(event=event, request=request, means=by_verified(**means))


def members(passes: int, people: int):
    """Members of one company whose membership has so many passes, and their ticket at 200 euros."""
    company = make_company()
    found = [make_member(company) for _each in range(people)]
    Membership.objects.update(passes=passes)
    event = make_event()
    make_ticket(event, slug="member", audience="member", price=20_000, uses_pass=True)
    return event, company, found


def row(*cells: str):
    return read_table("list.csv", "\n".join(["Prénom;Nom;E-mail;Billet", ";".join(cells)]).encode())


def test_a_pass_that_lapsed_with_its_place_is_taken_again_by_a_late_payment():
    event, company, (one, other) = members(passes=1, people=2)
    places = [person("member", one.email), person("member", other.email)]
    order = order_for(event, *places, company=company)
    assert [r.price for r in order.registrations.order_by("pk")] == [0, 20_000]
    assert Passes.objects.get().taken == 1
    lapse(order)
    lapsed_holds()
    assert Passes.objects.get().taken == 0
    confirm_paid(order=order)
    assert (states(order), Passes.objects.get().taken) == (["confirmed", "confirmed"], 1)


def test_a_pass_that_somebody_else_used_meanwhile_is_not_used_twice():
    event, company, (one, other, third) = members(passes=1, people=3)
    order = order_for(event, person("member", one.email), person("member", other.email), company=company)
    lapse(order)
    lapsed_holds()
    order_for(event, person("member", third.email), company=company)
    with pytest.raises(SoldOut):
        take_again(order.registrations.all())


def test_what_is_left_of_an_order_by_card_is_confirmed_once_nothing_more_is_due():
    event = make_event()
    make_ticket(event, price=12_000)
    make_ticket(event, slug="speaker")
    order = order_for(event, person("guest", "a@example.org"), person("speaker", "s@example.org"))
    assert states(order) == ["pending", "pending"]
    cancel(registration=order.registrations.get(price=12_000))
    assert states(order) == ["cancelled", "confirmed"]


def test_a_pass_that_leaves_nothing_to_pay_confirms_the_whole_order_by_card():
    event, _company, people = members(passes=2, people=2)
    order = order_for(event, *(person("member", one.email) for one in people))
    first, second = order.registrations.order_by("pk")
    prove(registration=first)
    assert states(order) == ["pending", "pending"]
    prove(registration=second)
    assert (states(order), Passes.objects.get().taken) == (["confirmed", "confirmed"], 2)


def test_an_offer_is_accepted_whatever_is_asked_and_however_many_the_ticket_is_sold_to():
    event = make_event()
    ticket = make_ticket(event, capacity=1)
    first = make_registration(ticket)
    wish = Wish(first_name="Ana", last_name="Silva", email="ana@example.org")
    entry = join_for_ticket(ticket=ticket, wish=wish)
    Ticket.objects.update(least=2)
    make_question(event, "diet", ["all", "none"], is_required=True)
    cancel(registration=first)
    entry.refresh_from_db()
    order = accept_ticket(entry=entry)
    assert (states(order), order.registrations.get().answers) == (["confirmed"], {})
    assert Ticket.objects.get().taken == 1


def test_the_bank_is_told_what_an_order_costs_with_its_addons():
    event = make_event()
    make_ticket(event, price=12_000)
    make_addon(event)
    order = order_for(event, person("guest", "a@example.org", addons=("dinner",)), payment="invoice")
    assert [item.due for item in index_of_payable().items.values()] == [order.due.amount] == [16_500]


def test_a_place_that_was_never_proven_is_not_invoiced_until_it_is():
    event, _company, people = members(passes=0, people=2)
    order = order_for(event, *(person("member", one.email) for one in people), payment="invoice")
    first, second = order.registrations.order_by("pk")
    prove(registration=first)
    lapse(order)
    lapsed_holds()
    assert (order.due.amount, balance_of(receivable_of(order)).owed) == (20_000, 20_000)
    prove(registration=second)
    order = Order.objects.get()
    assert (order.due.amount, balance_of(receivable_of(order)).owed) == (40_000, 40_000)


def test_a_place_moved_by_a_list_is_billed_at_its_new_price():
    event = make_event()
    free = make_ticket(event)
    make_ticket(event, slug="gala", price=9_000)
    make_registration(free, first_name="Zoé", last_name="Müller", email="z@example.org")
    Order.objects.update(email="z@example.org", source="import", payment="free")
    import_list(event=event, table=row("Zoé", "Müller", "z@example.org", "gala"))
    order = Order.objects.get()
    assert (order.payment, order.total, order.due.amount) == ("invoice", 9_000, 9_000)
    receivable = receivable_of(order)
    import_list(event=event, table=row("Zoé", "Müller", "z@example.org", "guest"))
    assert (Order.objects.get().total, balance_of(receivable).owed) == (0, 0)


def test_a_place_moved_by_a_list_to_a_ticket_without_passes_frees_its_pass():
    event, _company, (one,) = members(passes=1, people=1)
    make_ticket(event, slug="gala", price=9_000)
    order = order_for(event, person("member", one.email), person=one)
    assert (order.total, Passes.objects.get().taken) == (0, 1)
    import_list(event=event, table=row("Zoé", "Müller", one.email, "gala"))
    moved = Registration.objects.select_related("order").get()
    assert (moved.price, moved.membership_pass, moved.order.total) == (9_000, None, 9_000)
    assert Passes.objects.get().taken == 0


def unheld(event, one, **more) -> Registration:
    """A place that nothing is held for: strangers hold half of them already."""
    order = order_for(event, person("member", one.email, **more), payment="invoice", code="HALF")
    Registration.objects.filter(order=order).update(takes_place=False)
    for kind in (Ticket, Voucher, Option):
        kind.objects.update(taken=0)
    return order.registrations.get()


def test_a_list_that_confirms_an_unheld_place_takes_all_that_goes_with_it():
    event, _company, (one,) = members(passes=0, people=1)
    make_question(event, "meal", [("fish", 3)])
    make_voucher(event)
    unheld(event, one, answers={"meal": "fish"})
    Order.objects.update(email=one.email)
    import_list(event=event, table=row("Zoé", "Müller", one.email, ""))
    assert [kind.objects.get().taken for kind in (Ticket, Voucher, Option)] == [1, 1, 1]


def test_an_unheld_place_counts_no_option_by_answering_anew():
    event, _company, (one,) = members(passes=0, people=1)
    make_question(event, "meal", [("fish", 3), ("meat", 3)])
    make_voucher(event)
    Person.objects.filter(pk=one.pk).update(first_name="Zoé", last_name="Müller")
    place = unheld(event, one, answers={"meal": "fish"})
    answer(registration=place, given={"meal": "meat"})
    assert [option.taken for option in Option.objects.order_by("pk")] == [0, 0]
    prove(registration=place)
    assert [option.taken for option in Option.objects.order_by("pk")] == [0, 1]


def test_an_order_that_is_owed_already_owes_no_lapsed_place():
    event, _company, (one,) = members(passes=0, people=1)
    make_ticket(event, slug="guest", price=10_000)
    order = order_for(event, person("member", one.email), person("guest", "g@b.org"), payment="invoice")
    assert balance_of(receivable_of(order)).owed == 30_000
    Receivable.objects.update(name="Acme SA")
    lapse(order)
    lapsed_holds()
    found = receivable_for(order.reference)
    assert (balance_of(found).owed, found.name) == (10_000, "Acme SA")


@pytest.mark.parametrize(
    ("methods", "said"),
    [
        ([], ["To invoice: €300", "Transfer reference"]),
        (["card"], ["Paid by card: €300"]),
        (["card", "transfer"], ["Paid: €300"]),
    ],
)
def test_the_confirmation_says_how_it_was_paid(mailoutbox, run_tasks, methods, said):
    event = make_event()
    make_ticket(event, price=30_000)
    order = order_for(event, person("guest", "g@b.org"), payment="invoice")
    Order.objects.update(language="en")
    for method in methods:
        record_payment(receivable=receivable_of(order), amount=30_000 // len(methods), method=method)
    run_tasks()
    [mail] = mailoutbox
    words = ["To invoice: €300", "Transfer reference", "Paid by card: €300", "Paid: €300"]
    assert [word for word in words if word in mail.body] == said


def test_an_order_by_card_that_a_list_confirms_is_to_invoice():
    event = make_event()
    make_ticket(event, price=30_000)
    order_for(event, person("guest", "b@example.org"))
    import_list(event=event, table=row("Zoé", "Müller", "b@example.org", ""))
    order = Order.objects.get()
    assert (order.payment, states(order), order.due.amount) == ("invoice", ["confirmed"], 30_000)


def test_a_short_word_of_the_books_is_not_taken_for_another_parts():
    french = {
        "For": "Pour", "Booked": "Réservées", "booked": "réservée", "done": "terminée", "Arrived": "Arrivés",
        "added": "ajoutée", "paid": "payée", "from": "du", "Money": "Trésorerie",
    }  # fmt: skip
    with translation.override("fr"):
        assert {word: gettext(word) for word in french} == french
