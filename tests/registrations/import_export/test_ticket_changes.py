"""Import that changes tickets: add-ons and vouchers must be valid for the new ticket."""

import datetime

import pytest
from django.test import Client
from django.utils import timezone, translation

from convention.errors import ConventionError
from convention.events.models import Event
from convention.tables.files import ParsedTable
from convention.tables.row_errors import InvalidRows
from registrations.billing.receivables import sync_receivable
from registrations.booking.place_order import place_order
from registrations.booking.walk_in import register_walk_in
from registrations.import_export.import_registrations import import_registrations, preview_import
from registrations.import_export.save_import import RegistrationImportResult
from registrations.import_export.undo_import import undo_import
from registrations.invoices.ledger.payments import record_payment
from registrations.invoices.models.documents import Payment
from registrations.models import Order, Registration
from registrations.order_request import OrderRequest, RequestedPlace
from registrations.pricing.special_terms import SpecialTerms
from tests.buyer_verification import make_verified_context
from tests.factories import make_addon, make_event, make_ticket, make_voucher

pytestmark = pytest.mark.django_db

DAY = datetime.timedelta(days=1)


@pytest.fixture
def event() -> Event:
    event = make_event()
    make_ticket(event, price=12_000)
    make_ticket(event, slug="press", name="Presse", name_en="Press", price=6_000)
    return event


def book_place(event: Event, *, code: str = "", addons: tuple[str, ...] = ()) -> Registration:
    place = RequestedPlace(
        ticket="guest", first_name="Zoé", last_name="M", email="z@example.org", addons=addons
    )
    request = OrderRequest(email="z@example.org", places=(place,), code=code)
    order = place_order(event=event, request=request, context=make_verified_context())
    return order.registrations.get()


def build_press_list(one: Registration) -> ParsedTable:
    header = ["reference", "first_name", "last_name", "ticket"]
    return ParsedTable(header, [(2, [one.reference, "Zoé", "M", "press"])])


def describe_sale(one: Registration) -> tuple[str, int, str, int]:
    """Return the ticket, its price, the voucher code and the total of the order."""
    one.refresh_from_db()
    one.order.refresh_from_db()
    return one.ticket.slug, one.price, one.voucher.code if one.voucher else "", one.order.total


def test_row_is_refused_if_addon_is_not_available_with_new_ticket(event):
    dinner = make_addon(event)
    one = book_place(event, addons=("dinner",))

    dinner.tickets.set([one.ticket])

    with pytest.raises(InvalidRows) as refused:
        import_registrations(event=event, table=build_press_list(one))

    [said] = refused.value.lines()

    assert said == (
        "Ligne 2 : Cette personne a réservé « Dîner », qui n’est pas disponible avec « Presse ». "
        "Conservez le billet actuel, ou rendez l’option disponible avec l’autre."
    )
    assert describe_sale(one) == ("guest", 12_000, "", 16_500)

    dinner.tickets.add(event.tickets.get(slug="press"))
    import_registrations(event=event, table=build_press_list(one))

    assert describe_sale(one) == ("press", 6_000, "", 10_500)


def test_voucher_for_both_tickets_lowers_new_price(event):
    voucher = make_voucher(event)
    one = book_place(event, code="HALF")

    done = import_registrations(event=event, table=build_press_list(one))

    voucher.refresh_from_db()
    assert describe_sale(one) == ("press", 3_000, "HALF", 3_000)
    assert voucher.reserved == 1
    assert done.vouchers_text == ""


def test_voucher_invalid_for_new_ticket_is_released_and_restored_by_undo(event):
    voucher = make_voucher(event, event.tickets.get(slug="guest"))
    one = book_place(event, code="HALF")

    words = (
        "1 personne avait un code qui ne s’applique pas au nouveau billet. Elle paie le prix normal, "
        "et le code peut resservir."
    )
    assert preview_import(event=event, table=build_press_list(one)).vouchers_text == words
    assert describe_sale(one) == ("guest", 6_000, "HALF", 6_000)

    done = import_registrations(event=event, table=build_press_list(one))

    voucher.refresh_from_db()
    assert describe_sale(one) == ("press", 6_000, "", 6_000)
    assert voucher.reserved == 0
    assert done.vouchers_text == words
    assert done.import_run is not None

    undo_import(import_run=done.import_run)

    voucher.refresh_from_db()
    assert describe_sale(one) == ("guest", 6_000, "HALF", 6_000)
    assert voucher.reserved == 1


def test_undo_is_refused_if_voucher_was_used_meanwhile(event):
    make_voucher(event, event.tickets.get(slug="guest"))
    one = book_place(event, code="HALF")
    done = import_registrations(event=event, table=build_press_list(one))

    book_place(event, code="HALF")

    assert done.import_run is not None
    with pytest.raises(ConventionError, match="HALF"):
        undo_import(import_run=done.import_run)
    assert describe_sale(one) == ("press", 6_000, "", 6_000)


def build_press_row(one: Registration, company: str = "") -> ParsedTable:
    header = ["reference", "first_name", "last_name", "company", "ticket"]
    return ParsedTable(header, [(2, [one.reference, one.first_name, one.last_name, company, "press"])])


def list_refusals(result: RegistrationImportResult) -> list[str]:
    return [sentence for _row, sentence in result.refused_tickets]


@pytest.fixture
def english():
    with translation.override("en"):
        yield


@pytest.mark.usefixtures("english")
def test_agreed_price_survives_another_ticket_in_the_list(event):
    place = RequestedPlace(ticket="guest", first_name="Zoé", last_name="M", email="z@example.org")
    agreed = SpecialTerms(ticket_cents=5_000, has_free_addons=False, reason="Speaker")
    one = register_walk_in(
        event=event, place=place, idempotency_key="1", source=Order.Source.ORGANIZER, special_terms=agreed
    )

    done = import_registrations(event=event, table=build_press_row(one, company="Acme"))

    assert describe_sale(one) == ("guest", 5_000, "", 5_000)
    assert one.company == "Acme"
    [refusal] = list_refusals(done)
    assert refusal.startswith("The ticket is not changed: the price was agreed with the organizer.")
    assert "1 person keeps their ticket although the list has another one." in str(done)


@pytest.mark.usefixtures("english")
def test_paid_ticket_survives_another_ticket_in_the_list(event):
    one = book_place(event)
    record_payment(receivable=sync_receivable(one.order), amount=12_000, method=Payment.Method.TRANSFER)

    done = import_registrations(event=event, table=build_press_row(one))

    assert describe_sale(one) == ("guest", 12_000, "", 12_000)
    assert "has been paid or invoiced" in list_refusals(done)[0]


@pytest.mark.usefixtures("english")
def test_ticket_is_not_changed_after_the_event(event):
    one = book_place(event)
    now = timezone.now()
    Event.objects.update(starts_at=now - DAY * 2, ends_at=now - DAY)
    event.refresh_from_db()

    done = import_registrations(event=event, table=build_press_row(one))

    assert describe_sale(one) == ("guest", 12_000, "", 12_000)
    assert list_refusals(done) == ["The ticket is not changed: the event is over."]


@pytest.mark.usefixtures("english")
def test_ticket_in_another_currency_is_not_given(event):
    one = book_place(event)
    event.tickets.filter(slug="press").update(currency="CHF")

    done = import_registrations(event=event, table=build_press_row(one))

    assert describe_sale(one) == ("guest", 12_000, "", 12_000)
    assert list_refusals(done) == ["The ticket is not changed: it is sold in another currency."]


@pytest.mark.usefixtures("english")
def test_preview_names_each_change_with_the_difference_in_price(event):
    event.tickets.filter(slug="press").update(price=51_500)
    one = book_place(event)

    [change] = preview_import(event=event, table=build_press_row(one, company="Acme")).changes

    assert change.registration == one
    assert change.lines == ["Company: – → Acme", "Ticket: Guest → Press", "Price: €120 → €515"]
    assert change.difference == "+\u00a0€395"


def test_page_of_the_preview_names_changed_and_unchanged_tickets(organizer: Client, event):
    one, paid = book_place(event), book_place(event)
    record_payment(receivable=sync_receivable(paid.order), amount=1, method=Payment.Method.TRANSFER)
    rows = "".join(f"{place.reference},Zoé,M,press\n" for place in (one, paid))

    page = organizer.post(
        f"/en/organize/{event.slug}/registrations/import/",
        {"checked": f"reference,first_name,last_name,ticket\n{rows}", "check": "1"},
    ).text

    assert "Registrations that will change" in page
    assert page.count("→ Press") == 1
    assert "Tickets that stay as they are" in page
    assert "Row 3: The ticket is not changed" in page


def test_history_names_the_changes_of_an_import_and_its_undoing(organizer: Client, event):
    one = book_place(event)
    done = import_registrations(event=event, table=build_press_row(one, company="Acme"))
    undo_import(import_run=done.import_run)

    page = organizer.get(f"/en/organize/{event.slug}/registrations/{one.reference}/").text
    history = " ".join(page.partition("History")[2].split())

    assert "Changed by an imported list: company, ticket: " in history
    assert "→ Press" in history
    assert "Restored: the import was undone: company, ticket: Press →" in history


def test_history_of_a_person_cancelled_by_undoing_says_so(organizer: Client, event):
    table = ParsedTable(["first_name", "last_name", "ticket"], [(2, ["Zoé", "M", "guest"])])
    done = import_registrations(event=event, table=table)
    undo_import(import_run=done.import_run)

    page = organizer.get(
        f"/en/organize/{event.slug}/registrations/{done.new_registrations[0].reference}/"
    ).text

    assert "Cancelled: the import was undone" in page
