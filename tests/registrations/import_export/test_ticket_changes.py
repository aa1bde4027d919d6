"""Import that changes tickets: add-ons and vouchers must be valid for the new ticket."""

import pytest

from convention.errors import ConventionError
from convention.events.models import Event
from convention.tables.files import ParsedTable
from convention.tables.row_errors import InvalidRows
from registrations.booking.place_order import place_order
from registrations.import_export.import_registrations import import_registrations, preview_import
from registrations.import_export.undo_import import undo_import
from registrations.models import Registration
from registrations.order_request import OrderRequest, RequestedPlace
from tests.buyer_verification import make_verified_context
from tests.factories import make_addon, make_event, make_ticket, make_voucher

pytestmark = pytest.mark.django_db


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
