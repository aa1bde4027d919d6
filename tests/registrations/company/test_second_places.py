"""A colleague who is registered already gets a second place only if the contact confirms it."""

import pytest
from lxml import html

from registrations.changes.cancel import cancel_registration
from registrations.models import Registration
from tests.factories import make_addon, make_registration, make_ticket
from tests.registrations.company.factories import BILLING, make_desk, make_posted_rows, make_row, order_rows

pytestmark = pytest.mark.django_db


def get_second_places(page):
    """Return the rows that are named in the warning, with the pages that they link to."""
    rows = html.fromstring(page.content).xpath("//div[contains(@class, 'warning')]//li")
    return [("".join(row.xpath("text()|a/text()")), row.xpath("a/@href")[-1]) for row in rows]


def test_second_place_of_a_colleague_is_ordered_only_after_a_confirmation():
    desk = make_desk()
    order_rows(desk, make_row("Alpha", "z@x.fr"))
    first = Registration.objects.get()
    rows = make_posted_rows(make_row("Beta", "b@x.fr"), make_row("Alpha", "Z@x.fr"))
    review = f"{desk.many}check/"

    page = desk.client.post(desk.many, {**rows, "check": "1"})
    bookmarked = desk.client.get(review)
    [references] = html.fromstring(page.content).xpath("//button[@name='accepted_duplicates']/@value")
    accepted = desk.client.post(desk.many, {**rows, "accepted_duplicates": references})
    nonce = desk.client.get(review).context["draft"].nonce
    desk.client.post(review, {**BILLING, "nonce": nonce})

    registration_path = f"{desk.at}/registrations/{first.reference}/"
    assert get_second_places(page) == [("Ligne 2 – Zoé Alpha, Invité", registration_path)]
    assert get_second_places(bookmarked) == get_second_places(page)
    assert accepted["Location"] == review
    assert Registration.objects.filter(last_name="Alpha").count() == 2


def list_second_costs(desk, *rows, **more):
    """Return what the warning says about the cost of each second place."""
    page = desk.client.post(f"/en{desk.many}", make_posted_rows(*rows, check="1", **more))
    return html.fromstring(page.content).xpath("//div[contains(@class, 'warning')]//li/span/text()")


def test_second_place_costs_the_ticket_and_the_add_ons_of_its_row():
    desk = make_desk()
    make_addon(desk.event, slug="dinner", name_en="Dinner", price=4_000)
    member = desk.event.tickets.get(slug="member")
    make_registration(member, email=desk.colleague.email, member_of=desk.company)
    row = make_row("Silva", desk.colleague.email, addons=["dinner"])

    assert list_second_costs(desk, make_row("Beta"), row) == ["The second place costs €340 (Invité, Dinner)."]


def test_second_place_after_a_free_one_is_not_called_free():
    desk = make_desk()
    free = make_ticket(desk.event, slug="free", name_en="Free", price=0)
    make_registration(free, email="z@x.fr", member_of=desk.company)

    assert list_second_costs(desk, make_row("Alpha", "z@x.fr")) == ["The second place costs €300 (Invité)."]
    assert list_second_costs(desk, make_row("Alpha", "z@x.fr", ticket="free")) == [
        "The second place is free (Free)."
    ]


def test_person_without_address_is_recognized_by_name():
    desk = make_desk()
    order_rows(desk, make_row("Alpha", "z@x.fr"), make_row("Gamma"))
    rows = make_posted_rows(make_row("ALPHA"), make_row("Gamma", "g@x.fr"), make_row("Alpha", "other@x.fr"))

    page = desk.client.post(desk.many, {**rows, "check": "1"})

    assert [text for text, _path in get_second_places(page)] == [
        "Ligne 1 – Zoé Alpha, Invité",
        "Ligne 2 – Zoé Gamma, Invité",
    ]


def test_colleague_who_registered_on_their_own_is_recognized():
    desk = make_desk()
    guest = desk.event.tickets.get(slug="guest")
    make_registration(guest, email="ana@x.fr", last_name="Silva", first_name="Ana", member_of=desk.company)

    page = desk.client.post(desk.many, make_posted_rows(make_row("Silva", "ana@x.fr"), check="1"))

    assert get_second_places(page) == [("Ligne 1 – Ana Silva, Invité", f"{desk.at}/registrations/")]


def test_registration_that_the_contact_cannot_see_is_not_revealed_by_a_warning():
    desk = make_desk()
    make_registration(desk.event.tickets.get(slug="guest"), email="stranger@x.fr")

    answer = desk.client.post(desk.many, make_posted_rows(make_row("Alpha", "stranger@x.fr"), check="1"))

    assert answer["Location"] == f"{desk.many}check/"


def test_cancelled_place_needs_no_confirmation():
    desk = make_desk()
    order_rows(desk, make_row("Alpha", "z@x.fr"))
    cancel_registration(registration=Registration.objects.get())

    answer = desk.client.post(desk.many, make_posted_rows(make_row("Alpha", "z@x.fr"), check="1"))

    assert answer["Location"] == f"{desk.many}check/"
