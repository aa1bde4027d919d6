"""Rows of a bulk order: one ticket for all, repeated pastes, unknown columns, and clearing the list."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from lxml import html

from registrations.models import Order
from tests.page_forms import read_messages
from tests.registrations.company.factories import BILLING, make_desk, make_posted_rows, make_row

pytestmark = [pytest.mark.django_db, pytest.mark.once]

LIST = "Prénom\tNom\tE-mail\nAna\tSilva\tana@x.fr\nBob\tRoi\tbob@x.fr"


def read_values(desk, name: str) -> list[str]:
    return [form[name].value() for form in desk.client.get(desk.many).context["rows"]]


def read_rows(desk) -> list[dict[str, str]]:
    """Return what the page posts for the saved rows."""
    names = ("first_name", "last_name", "email", "ticket", "is_to_follow")
    forms = desk.client.get(desk.many).context["rows"]
    return [{name: form[name].value() or "" for name in names} for form in forms]


def test_one_ticket_is_chosen_for_all_rows_without_one():
    desk = make_desk()
    rows = [make_row("Alpha", ticket=""), make_row("Bêta", ticket="member"), make_row("Gamma", ticket="")]

    response = desk.client.post(desk.many, make_posted_rows(*rows, fill="1", same_ticket="guest"))

    assert response.status_code == 302
    assert read_values(desk, "ticket") == ["guest", "member", "guest"]


def test_page_offers_the_tickets_above_the_rows():
    desk = make_desk()

    page = html.fromstring(desk.client.get(desk.many).content)

    assert page.xpath("//select[@name='same_ticket']/option/@value") == ["member", "guest"]


def test_only_ticket_needs_no_choice_for_all():
    desk = make_desk()
    desk.event.tickets.filter(slug="member").delete()

    assert "same_ticket" not in desk.client.get(desk.many).text


def test_list_pasted_again_is_not_doubled():
    desk = make_desk()
    desk.client.post(desk.many, make_posted_rows(pasted=LIST, paste="1"))
    rows = [
        {"first_name": "Ana", "last_name": "Silva", "email": "ana@x.fr", "ticket": "guest"},
        {"first_name": "Bob", "last_name": "Roi", "email": "bob@x.fr", "ticket": "guest"},
    ]

    response = desk.client.post(
        f"/en{desk.many}", make_posted_rows(*rows, pasted=f"{LIST}\nEve\tNeuf\teve@x.fr", paste="1")
    )

    assert read_values(desk, "last_name") == ["Silva", "Roi", "Neuf"]
    assert read_messages(response) == ["2 rows were skipped: their e-mail addresses are already in the list."]


def test_ignored_columns_are_named():
    desk = make_desk()
    pasted = "Prénom\tNom\tE-mail\tTarif\nAna\tSilva\tana@x.fr\tInvité"

    response = desk.client.post(f"/en{desk.many}", make_posted_rows(pasted=pasted, paste="1"))

    [message] = read_messages(response)
    assert message.startswith("This column was ignored: “Tarif”.")


def test_list_is_cleared_only_after_a_confirmation():
    desk = make_desk()

    page = html.fromstring(desk.client.get(desk.many).content)

    assert len(page.xpath("//details//button[@name='clear']")) == 1
    assert len(page.xpath("//button[@name='clear']")) == 1


def test_tickets_and_their_prices_are_loaded_once():
    desk = make_desk()
    rows = make_posted_rows(make_row("Alpha"), make_row("", ticket="member"), check="1")

    with CaptureQueriesContext(connection) as queries:
        desk.client.post(desk.many, rows)

    assert len([query for query in queries if 'FROM "registrations_pricestep"' in query["sql"]]) == 1


def test_cleared_list_forgets_the_purchase_order_but_not_the_billing_address():
    desk = make_desk()
    desk.client.post(desk.many, make_posted_rows(make_row("Alpha"), check="1"))
    desk.client.post(f"{desk.many}check/", BILLING, headers={"X-Draft": "1"})
    desk.client.post(desk.many, make_posted_rows(make_row("Alpha"), clear="1"))

    review = desk.client.post(desk.many, make_posted_rows(make_row("Beta"), check="1"), follow=True)

    assert review.context["billing"]["purchase_order"].value() in (None, "")
    assert review.context["billing"]["billing_name"].value() == BILLING["billing_name"]


def test_contact_chooses_the_language_of_the_emails():
    desk = make_desk()
    desk.client.post(desk.many, make_posted_rows(make_row("Alpha"), check="1"))
    review = desk.client.get(f"{desk.many}check/")

    desk.client.post(
        f"{desk.many}check/", {**BILLING, "language": "en", "nonce": review.context["draft"].nonce}
    )

    assert review.context["language_form"]["language"].value() == "fr"
    assert Order.objects.get().language == "en"


def test_places_without_a_name_are_added_together_with_their_ticket():
    desk = make_desk()
    rows = [make_row("Alpha"), make_row("", ticket="")]
    rows[1]["first_name"] = ""

    response = desk.client.post(
        desk.many, make_posted_rows(*rows, add_unnamed="1", unnamed_count="10", unnamed_ticket="guest")
    )
    review = desk.client.post(desk.many, make_posted_rows(*read_rows(desk), check="1"))

    assert response.status_code == 302
    assert read_values(desk, "is_to_follow")[1:] == ["on"] * 10
    assert read_values(desk, "ticket") == ["guest"] * 11
    assert review.status_code == 302


@pytest.mark.parametrize("number", ["", "0", "51", "ten"])
def test_number_of_places_without_a_name_has_limits(number):
    desk = make_desk()
    data = make_posted_rows(make_row("Alpha"), add_unnamed="1", unnamed_count=number, unnamed_ticket="guest")

    response = desk.client.post(f"/en{desk.many}", data, follow=True)

    assert read_messages(response) == ["Enter how many places to add, from 1 to 50."]
    assert read_values(desk, "last_name") == ["Alpha"]


def test_places_without_a_name_are_not_offered_with_a_members_ticket():
    desk = make_desk()

    page = html.fromstring(desk.client.get(desk.many).content)

    assert page.xpath("//select[@name='unnamed_ticket']/option/@value") == ["guest"]
