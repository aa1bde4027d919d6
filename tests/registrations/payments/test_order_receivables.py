"""Orders on invoice appear in the treasurer's list, once and up to date."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from convention.events.models import Event
from registrations.billing.receivables import sync_attendee_names, sync_receivable
from registrations.billing.unbilled import (
    MAX_BILLING_DELAY,
    bill_unbilled_orders,
    find_pending_references,
)
from registrations.changes.cancel import cancel_registration
from registrations.changes.correct import CORRECTABLE_FIELDS, Correction, correct_registration
from registrations.changes.substitute import substitute_attendee
from registrations.company.invitations import save_attendee_details
from registrations.invoices.documents.invoiced_balance import load_invoiced_balance
from registrations.invoices.documents.issuing import issue_invoice
from registrations.invoices.ledger.payments import record_payment
from registrations.invoices.models import InvoiceLine, Receivable, Refund
from registrations.models import Order, Registration
from registrations.order_request import RequestedPlace
from registrations.periodic_jobs import release_expired_holds
from tests.factories import make_order, make_registration, make_ticket
from tests.registrations.invoices.conftest import make_issuer
from tests.registrations.payments.factories import expire_holds, get_balance_cents, order_by_card
from tests.threads import run_in_threads

HOUR = datetime.timedelta(hours=1)


@pytest.mark.django_db
def test_order_on_invoice_appears_in_receivables_list(event: Event, client, treasurer):
    client.force_login(treasurer)
    order = order_by_card(event, people=2, payment="invoice")
    bill_unbilled_orders()

    bill_unbilled_orders()

    assert get_balance_cents(order) == (24_000, 0, 0)

    page = client.get(reverse("receivables"), {"q": order.reference})

    assert [row.reference for row in page.context["page_obj"]] == [order.reference]


@pytest.mark.django_db
def test_card_pending_old_and_free_orders_are_not_billed(event: Event):
    ticket = make_ticket(event, slug="paid", price=10_000)
    of_old = make_ticket(slug="old", price=10_000)
    over = timezone.now() - MAX_BILLING_DELAY
    Event.objects.filter(pk=of_old.event_id).update(starts_at=over - HOUR, ends_at=over)
    order_by_card(event)
    for place, state in ((ticket, {"confirmed_at": None, "hold_expires_at": timezone.now()}), (of_old, {})):
        order = make_order(place.event, payment=Order.Payment.INVOICE, total=10_000)
        make_registration(place, order=order, price=10_000, **state)
    make_registration(ticket, order=make_order(event, payment=Order.Payment.FREE), price=0)

    bill_unbilled_orders()

    assert not Receivable.objects.exists()


@pytest.mark.django_db
def test_billed_order_is_not_changed_by_periodic_job(event: Event, django_assert_num_queries):
    order = order_by_card(event, payment="invoice")
    receivable = sync_receivable(order)
    Receivable.objects.update(name="Corrigé")

    with django_assert_num_queries(1):
        bill_unbilled_orders()

    receivable.refresh_from_db()
    assert receivable.name == "Corrigé"


@pytest.mark.django_db
def test_held_place_delays_billing_and_is_not_owed_once_expired(event: Event):
    order = order_by_card(event, people=2, payment="invoice")
    one = order.registrations.order_by("pk")[0]
    Registration.objects.filter(pk=one.pk).update(confirmed_at=None, hold_expires_at=timezone.now() + HOUR)

    bill_unbilled_orders()

    assert not Receivable.objects.exists()

    order.registrations.filter(confirmed_at=None).update(hold_expires_at=timezone.now())
    bill_unbilled_orders()

    assert get_balance_cents(order) == (12_000, 0, 0)


@pytest.mark.django_db
def test_lapsed_place_is_withdrawn_from_an_existing_receivable(event: Event):
    order = order_by_card(event, people=2, payment="invoice")
    one = order.registrations.order_by("pk")[0]
    Registration.objects.filter(pk=one.pk).update(confirmed_at=None, hold_expires_at=timezone.now() + HOUR)
    sync_receivable(order)
    expire_holds(order)

    assert order.reference in {row["reference"] for row in find_pending_references()}

    release_expired_holds()

    assert get_balance_cents(order) == (12_000, 0, 0)
    assert order.reference not in {row["reference"] for row in find_pending_references()}


def list_charge_texts() -> list[str]:
    """Return the texts of the active charges."""
    return [charge.line_text for charge in Receivable.objects.get().charges.active().order_by("pk")]


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("fr", "Annulation : Zoé Müller 0"), ("en", "Cancellation: Zoé Müller 0")],
)
def test_refund_of_cancelled_place_names_attendee_in_reader_language(event: Event, language, sentence):
    order = order_by_card(event, payment="invoice")
    Order.objects.filter(pk=order.pk).update(language="en" if language == "fr" else "fr")
    record_payment(receivable=sync_receivable(order), amount=12_000, method="transfer")
    cancel_registration(registration=order.registrations.get())

    with translation.override(language):
        assert Refund.objects.get().reason_text == sentence

    Registration.objects.update(first_name="", last_name="")
    sync_attendee_names(Registration.objects.select_related("order"))

    assert "Müller" not in Refund.objects.get().reason_text


@pytest.mark.django_db
@pytest.mark.parametrize("is_invoiced", [False, True])
def test_charge_follows_attendee_name_and_issued_invoice_does_not(event: Event, is_invoiced: bool):
    order = order_by_card(event, payment="invoice")
    one = order.registrations.get()
    Registration.objects.filter(pk=one.pk).update(first_name="", last_name="")
    bill_unbilled_orders()
    if is_invoiced:
        make_issuer()
        issue_invoice(receivable=Receivable.objects.get())
    lines = list(InvoiceLine.objects.values_list("description", flat=True))

    save_attendee_details(
        registration=one, details=RequestedPlace(ticket="", first_name="Ada", last_name="Alpha")
    )

    assert "Ada Alpha" in list_charge_texts()[0]

    one.refresh_from_db()
    fields = {name: getattr(one, name) for name in CORRECTABLE_FIELDS}

    correct_registration(registration=one, correction=Correction(**fields | {"last_name": "Beta"}))

    assert "Ada Beta" in list_charge_texts()[0]

    substitute_attendee(
        registration=one,
        new_attendee=RequestedPlace(ticket="", first_name="Cleo", last_name="Gamma", email="c@example.org"),
    )

    assert "Cleo Gamma" in list_charge_texts()[0]
    assert get_balance_cents(order) == (12_000, 0, 0)
    assert list(InvoiceLine.objects.values_list("description", flat=True)) == lines
    state = load_invoiced_balance(Receivable.objects.get())
    assert len(state.uninvoiced_charges) == (not is_invoiced)
    assert state.lines_to_credit == []


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_place_cancelled_during_billing_is_not_owed(event: Event):
    event.tickets.update(capacity=None)
    for _ in range(6):
        order_by_card(event, people=2, payment="invoice")
    first = [order.registrations.order_by("pk")[0] for order in Order.objects.order_by("-pk")]
    actions = [lambda one=one: cancel_registration(registration=one) for one in first]
    run_in_threads([bill_unbilled_orders, *actions, bill_unbilled_orders], threads=8)

    bill_unbilled_orders()

    assert {get_balance_cents(order)[0] for order in Order.objects.all()} == {12_000}


@pytest.mark.django_db
@pytest.mark.parametrize(("own_place", "name"), [(1, "Zoé Müller 1"), (None, "Zoé Müller 0")])
def test_receivable_without_billing_details_is_titled_by_a_person(event: Event, own_place, name):
    order = order_by_card(event, people=2, payment="invoice")
    if own_place is not None:
        own = order.registrations.order_by("pk")[own_place]
        Order.objects.filter(pk=order.pk).update(email=own.email)
    Order.objects.filter(pk=order.pk).update(billing_name="", company="")
    order = Order.objects.get(pk=order.pk)

    receivable = sync_receivable(order)

    assert receivable.buyer_label == name
    # Only the buyer's own name is stored: an attendee's is erased with their registration.
    assert receivable.name == (name if own_place is not None else "")


@pytest.mark.django_db
def test_attendee_is_shown_and_not_filled_in_as_a_missing_buyer(event: Event, client, treasurer):
    client.force_login(treasurer)
    order = order_by_card(event, payment="invoice")
    sync_receivable(order)
    Receivable.objects.update(name="")

    form = client.get(reverse("receivable-buyer", args=[order.reference])).context["action_page"].form
    page = client.get(reverse("receivable", args=[order.reference]))

    assert form["name"].value() == ""
    assert "Zoé Müller 0" in form["name"].help_text
    assert page.context["receivable"].buyer_label == "Zoé Müller 0"
