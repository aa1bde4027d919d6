"""Add-ons in a company's bulk order: chosen for each row or for all, pasted, checked, priced and booked."""

import pytest
from lxml import html

from registrations.models import Addon, Order, RegistrationAddon
from tests.factories import make_addon
from tests.registrations.company.factories import make_desk, make_posted_rows, make_row, order_rows

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def read_errors(response) -> list[dict[str, list[str]]]:
    return [dict(form.errors) for form in response.context["rows"].forms]


def read_addons(desk) -> list[list[str]]:
    return [form["addons"].value() or [] for form in desk.client.get(desk.many).context["rows"]]


def read_total(response) -> str:
    return "".join(html.fromstring(response.text).xpath("//strong/text()"))


def test_chosen_addons_are_booked_at_their_price():
    desk = make_desk()
    make_addon(desk.event)

    order_rows(desk, make_row("Alpha", addons=["dinner"]), make_row("Beta"))

    order = Order.objects.get()
    booked = RegistrationAddon.objects.get()
    assert order.total == 64_500
    assert booked.registration.last_name == "Alpha"
    assert booked.price == 4_500
    assert Addon.objects.get().reserved == 1


def test_review_lists_each_addon_with_its_price():
    desk = make_desk()
    make_addon(desk.event)
    rows = make_posted_rows(make_row("Alpha", addons=["dinner"]), check="1")

    review = desk.client.post(f"/en{desk.many}", rows, follow=True)

    lines = html.fromstring(review.content).xpath("//tbody/tr")
    texts = [[cell.text_content().strip() for cell in line] for line in lines]
    assert texts == [["Zoé Alpha", "Invité", "€300"], ["Zoé Alpha", "Dinner", "€45"]]


def test_total_of_the_draft_counts_addons():
    desk = make_desk()
    make_addon(desk.event)
    rows = make_posted_rows(make_row("Alpha", addons=["dinner"]), make_row("Beta", addons=["unknown"]))

    response = desk.client.post(f"/en{desk.many}", rows, headers={"X-Draft": "total"})

    assert read_total(response) == "€645"


def test_one_addon_is_added_to_all_rows_whose_ticket_it_is_for():
    desk = make_desk()
    make_addon(desk.event).tickets.add(desk.event.tickets.get(slug="guest"))
    rows = make_posted_rows(
        make_row("Alpha"), make_row("Beta", ticket="member"), fill_addon="1", same_addon="dinner"
    )

    response = desk.client.post(desk.many, rows)

    assert response.status_code == 302
    assert read_addons(desk) == [["dinner"], []]


def test_addon_of_another_ticket_is_refused_at_its_row():
    desk = make_desk()
    make_addon(desk.event).tickets.add(desk.event.tickets.get(slug="member"))

    response = desk.client.post(
        f"/en{desk.many}", make_posted_rows(make_row("Alpha", addons=["dinner"]), check="1")
    )

    assert read_errors(response) == [{"addons": ["“Dinner” is not available with this ticket."]}]


def test_addon_that_is_sold_out_cannot_be_chosen():
    desk = make_desk()
    make_addon(desk.event, capacity=0)

    page = html.fromstring(desk.client.get(desk.many).content)
    response = desk.client.post(
        f"/en{desk.many}", make_posted_rows(make_row("Alpha", addons=["dinner"]), check="1")
    )

    assert page.xpath("//input[@name='row-0-addons'][@disabled]")
    assert page.xpath("//select[@name='same_addon']") == []
    assert read_errors(response) == [{"addons": ["“Dinner” is no longer available."]}]


def test_too_few_places_of_an_addon_are_reported_before_the_review():
    desk = make_desk()
    make_addon(desk.event, capacity=1)
    people = [make_row("Alpha", addons=["dinner"]), make_row("Beta", addons=["dinner"])]

    response = desk.client.post(f"/en{desk.many}", make_posted_rows(*people, check="1"))

    assert response.context["rows"].non_form_errors() == ["Only 1 place is left for “Dinner”."]


def test_pasted_column_names_the_addons():
    desk = make_desk()
    make_addon(desk.event)
    make_addon(desk.event, slug="tour", name="Visite", name_en="Tour")
    pasted = "Prénom\tNom\tBillet\tOptions\nAna\tSilva\tInvité\tDîner, Tour\nBob\tRoi\tInvité\tBal"

    response = desk.client.post(f"/en{desk.many}", make_posted_rows(pasted=pasted, paste="1"))

    assert read_errors(response) == [
        {},
        {"addons": ["There is no add-on “Bal”. Untick it, then choose from those of this event."]},
    ]
    assert read_addons(desk) == [["dinner", "tour"], ["Bal"]]


@pytest.mark.parametrize("addon", ["Bal", "dinner"], ids=["unknown", "sold out"])
def test_addon_that_cannot_be_ordered_stays_ticked_after_another_row_was_removed(addon):
    desk = make_desk()
    make_addon(desk.event, capacity=0)
    people = [make_row("Alpha"), make_row("Beta", addons=[addon])]

    page = html.fromstring(
        desk.client.post(desk.many, make_posted_rows(*people, remove="0"), follow=True).content
    )

    [box] = page.xpath(f"//input[@name='row-0-addons'][@value='{addon}']")
    assert "checked" in box.attrib
    assert "disabled" not in box.attrib


def test_unknown_addon_is_named_beside_its_box():
    desk = make_desk()
    make_addon(desk.event)
    people = [make_row("Alpha", addons=["Bal"])]

    page = html.fromstring(desk.client.post(f"/en{desk.many}", make_posted_rows(*people)).content)

    labels = [
        " ".join(label.text_content().split()) for label in page.xpath("//td//label[input[@value='Bal']]")
    ]
    assert labels == ["“Bal”: unknown"]


def test_pasted_column_of_addons_is_ignored_at_an_event_without_any():
    desk = make_desk()
    pasted = "Prénom\tNom\tBillet\tOptions\nAna\tSilva\tInvité\tDîner"

    response = desk.client.post(f"/en{desk.many}", make_posted_rows(pasted=pasted, paste="1"))

    [message] = map(str, response.context["messages"])
    assert message == (
        "This column was ignored: “Options”. Recognized headings: first name, last name, e-mail, ticket."
    )


def test_event_without_addons_has_no_column_for_them():
    desk = make_desk()

    page = desk.client.get(f"/en{desk.many}")

    assert "Add-ons" not in page.text
