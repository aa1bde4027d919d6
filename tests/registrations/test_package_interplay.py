"""Interactions between booking, cancellation, import, membership passes and billing."""

import pytest
from django.utils import translation
from django.utils.translation import gettext

from convention.club.models import Membership, Person
from convention.errors import SoldOut
from convention.tables.files import read_table
from registrations.billing.receivables import sync_receivable
from registrations.booking.accept_offer import accept_ticket_offer
from registrations.booking.change_answers import save_answers
from registrations.booking.confirm import confirm_paid_items
from registrations.booking.join_waiting_list import WaitingRequest, join_ticket_list
from registrations.booking.place_order import place_order
from registrations.booking.verification import verify_membership
from registrations.changes.cancel import cancel_registration
from registrations.import_export.import_registrations import import_registrations
from registrations.inventory.stock import reserve_again
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.ledger.payments import record_payment
from registrations.invoices.ledger.receivable_sources import get_receivable
from registrations.invoices.models.documents import Receivable
from registrations.models import Order, PassQuota, QuestionOption, Registration, Ticket, Voucher
from registrations.order_request import BillingDetails, OrderRequest, RequestedPlace
from registrations.payments.bank.payables import build_payable_index
from registrations.periodic_jobs import release_expired_holds
from tests.buyer_verification import make_verified_context
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
from tests.registrations.payments.factories import expire_holds, list_states

pytestmark = pytest.mark.django_db

BILLING_DETAILS = BillingDetails(name="Acme", street="1 rue", postcode="35000", city="Rennes", country="FR")


def make_place(ticket: str, email: str, **more) -> RequestedPlace:
    return RequestedPlace(ticket=ticket, first_name="Zoé", last_name="Müller", email=email, **more)


def order_for(event, *places: RequestedPlace, payment: str = "card", code: str = "", **context) -> Order:
    """Place an order of a buyer whose address is verified, by card unless `payment` is given."""
    request = OrderRequest(
        email="b@example.org", places=places, payment=payment, billing=BILLING_DETAILS, code=code
    )
    return place_order(event=event, request=request, context=make_verified_context(**context))


def make_event_with_members(passes: int, people: int):
    """Return an event with a member ticket at €200, a company with `passes` passes, and its people."""
    company = make_company()
    found = [make_member(company) for _each in range(people)]
    Membership.objects.update(passes=passes)
    event = make_event()
    make_ticket(event, slug="member", audience="member", price=20_000, uses_pass=True)
    return event, company, found


def make_table(*cells: str):
    return read_table("list.csv", "\n".join(["Prénom;Nom;E-mail;Billet", ";".join(cells)]).encode())


def test_late_payment_reserves_expired_pass_again():
    event, company, (one, other) = make_event_with_members(passes=1, people=2)
    places = [make_place("member", one.email), make_place("member", other.email)]

    order = order_for(event, *places, company=company)

    assert [r.price for r in order.registrations.order_by("pk")] == [0, 20_000]
    assert PassQuota.objects.get().reserved == 1

    expire_holds(order)
    release_expired_holds()

    assert PassQuota.objects.get().reserved == 0

    confirm_paid_items(order=order)

    assert list_states(order) == ["confirmed", "confirmed"]
    assert PassQuota.objects.get().reserved == 1


def test_expired_pass_used_by_another_order_is_not_reserved_again():
    event, company, (one, other, third) = make_event_with_members(passes=1, people=3)
    order = order_for(
        event, make_place("member", one.email), make_place("member", other.email), company=company
    )
    expire_holds(order)
    release_expired_holds()

    order_for(event, make_place("member", third.email), company=company)

    with pytest.raises(SoldOut):
        reserve_again(order.registrations.all())


def test_card_order_is_confirmed_when_cancellation_leaves_nothing_due():
    event = make_event()
    make_ticket(event, price=12_000)
    make_ticket(event, slug="speaker")

    order = order_for(event, make_place("guest", "a@example.org"), make_place("speaker", "s@example.org"))

    assert list_states(order) == ["pending", "pending"]

    cancel_registration(registration=order.registrations.get(price=12_000))

    assert list_states(order) == ["cancelled", "confirmed"]


def test_card_order_paid_by_passes_is_confirmed_once_all_are_verified():
    event, _company, people = make_event_with_members(passes=2, people=2)
    order = order_for(event, *(make_place("member", one.email) for one in people))
    first, second = order.registrations.order_by("pk")

    verify_membership(registration=first)

    assert list_states(order) == ["pending", "pending"]

    verify_membership(registration=second)

    assert list_states(order) == ["confirmed", "confirmed"]
    assert PassQuota.objects.get().reserved == 2


def test_offer_is_accepted_despite_required_question_and_minimum_per_order():
    event = make_event()
    ticket = make_ticket(event, capacity=1)
    first = make_registration(ticket)
    wish = WaitingRequest(first_name="Ana", last_name="Silva", email="ana@example.org")
    entry = join_ticket_list(ticket=ticket, request=wish)
    Ticket.objects.update(min_per_order=2)
    make_question(event, "diet", ["all", "none"], is_required=True)
    cancel_registration(registration=first)
    entry.refresh_from_db()

    order = accept_ticket_offer(entry=entry)

    assert list_states(order) == ["confirmed"]
    assert order.registrations.get().answers == {}
    assert Ticket.objects.get().reserved == 1


def test_bank_payable_includes_addons():
    event = make_event()
    make_ticket(event, price=12_000)
    make_addon(event)

    order = order_for(event, make_place("guest", "a@example.org", addons=("dinner",)), payment="invoice")

    assert (
        [item.amount_due for item in build_payable_index().items.values()]
        == [order.amount_due.amount]
        == [16_500]
    )


def test_unverified_registration_is_not_owed_until_verified():
    event, _company, people = make_event_with_members(passes=0, people=2)
    order = order_for(event, *(make_place("member", one.email) for one in people), payment="invoice")
    first, second = order.registrations.order_by("pk")
    verify_membership(registration=first)
    expire_holds(order)

    release_expired_holds()

    assert order.amount_due.amount == 20_000
    assert compute_balance(sync_receivable(order)).amount_owed == 20_000

    verify_membership(registration=second)

    order = Order.objects.get()
    assert order.amount_due.amount == 40_000
    assert compute_balance(sync_receivable(order)).amount_owed == 40_000


def test_import_that_changes_ticket_bills_new_price():
    event = make_event()
    free = make_ticket(event)
    make_ticket(event, slug="gala", price=9_000)
    make_registration(free, first_name="Zoé", last_name="Müller", email="z@example.org")
    Order.objects.update(email="z@example.org", source="import", payment="free")

    import_registrations(event=event, table=make_table("Zoé", "Müller", "z@example.org", "gala"))

    order = Order.objects.get()
    assert order.payment == "invoice"
    assert order.total == 9_000
    assert order.amount_due.amount == 9_000

    receivable = sync_receivable(order)
    import_registrations(event=event, table=make_table("Zoé", "Müller", "z@example.org", "guest"))

    assert Order.objects.get().total == 0
    assert compute_balance(receivable).amount_owed == 0


def test_import_that_changes_to_ticket_without_passes_releases_pass():
    event, _company, (one,) = make_event_with_members(passes=1, people=1)
    make_ticket(event, slug="gala", price=9_000)

    order = order_for(event, make_place("member", one.email), person=one)

    assert order.total == 0
    assert PassQuota.objects.get().reserved == 1

    import_registrations(event=event, table=make_table("Zoé", "Müller", one.email, "gala"))

    moved = Registration.objects.select_related("order").get()
    assert moved.price == 9_000
    assert moved.membership_pass is None
    assert moved.order.total == 9_000
    assert PassQuota.objects.get().reserved == 0


def make_unreserved_registration(event, one, **more) -> Registration:
    """Return a registration for which no place of a ticket, voucher or option is reserved."""
    order = order_for(event, make_place("member", one.email, **more), payment="invoice", code="HALF")
    Registration.objects.filter(order=order).update(is_reserved=False)
    for kind in (Ticket, Voucher, QuestionOption):
        kind.objects.update(reserved=0)
    return order.registrations.get()


def test_import_that_confirms_unreserved_registration_reserves_all_its_items():
    event, _company, (one,) = make_event_with_members(passes=0, people=1)
    make_question(event, "meal", [("fish", 3)])
    make_voucher(event)
    make_unreserved_registration(event, one, answers={"meal": "fish"})
    Order.objects.update(email=one.email)

    import_registrations(event=event, table=make_table("Zoé", "Müller", one.email, ""))

    assert [kind.objects.get().reserved for kind in (Ticket, Voucher, QuestionOption)] == [1, 1, 1]


def test_changed_answer_of_unreserved_registration_reserves_no_option():
    event, _company, (one,) = make_event_with_members(passes=0, people=1)
    make_question(event, "meal", [("fish", 3), ("meat", 3)])
    make_voucher(event)
    Person.objects.filter(pk=one.pk).update(first_name="Zoé", last_name="Müller")
    place = make_unreserved_registration(event, one, answers={"meal": "fish"})

    save_answers(registration=place, given={"meal": "meat"})

    assert [option.reserved for option in QuestionOption.objects.order_by("pk")] == [0, 0]

    verify_membership(registration=place)

    assert [option.reserved for option in QuestionOption.objects.order_by("pk")] == [0, 1]


def test_expired_place_is_removed_from_amount_owed():
    event, _company, (one,) = make_event_with_members(passes=0, people=1)
    make_ticket(event, slug="guest", price=10_000)

    order = order_for(
        event, make_place("member", one.email), make_place("guest", "g@b.org"), payment="invoice"
    )

    assert compute_balance(sync_receivable(order)).amount_owed == 30_000

    Receivable.objects.update(name="Acme SA")
    expire_holds(order)
    release_expired_holds()

    found = get_receivable(order.reference)

    assert compute_balance(found).amount_owed == 10_000
    assert found.name == "Acme SA"


@pytest.mark.parametrize(
    ("methods", "said"),
    [
        ([], ["Amount due: €300", "Transfer reference"]),
        (["card"], ["Paid by card: €300"]),
        (["card", "transfer"], ["Paid: €300"]),
    ],
)
def test_confirmation_mail_states_payment_method(mailoutbox, run_tasks, methods, said):
    event = make_event()
    make_ticket(event, price=30_000)
    order = order_for(event, make_place("guest", "g@b.org"), payment="invoice")
    Order.objects.update(language="en")
    for method in methods:
        record_payment(receivable=sync_receivable(order), amount=30_000 // len(methods), method=method)
    run_tasks()
    [mail] = mailoutbox

    words = ["Amount due: €300", "Transfer reference", "Paid by card: €300", "Paid: €300"]

    assert [word for word in words if word in mail.body] == said


def test_card_order_confirmed_by_import_becomes_payable_on_invoice():
    event = make_event()
    make_ticket(event, price=30_000)
    order_for(event, make_place("guest", "b@example.org"))

    import_registrations(event=event, table=make_table("Zoé", "Müller", "b@example.org", ""))

    order = Order.objects.get()
    assert order.payment == "invoice"
    assert list_states(order) == ["confirmed"]
    assert order.amount_due.amount == 30_000


def test_short_english_words_have_expected_french_translations():
    french = {
        "For": "Pour", "Booked": "Réservées", "booked": "réservée", "done": "terminée", "Arrived": "Arrivés",
        "added": "ajoutée", "paid": "payée", "from": "du", "Money": "Trésorerie",
    }  # fmt: skip
    with translation.override("fr"):
        assert {word: gettext(word) for word in french} == french
