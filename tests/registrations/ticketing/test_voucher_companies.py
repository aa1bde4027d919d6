"""The company of a voucher: names are suggested, and one that nobody has is pointed out."""

import pytest
from django.test import Client
from lxml import html

from convention.events.models import Event
from tests.factories import make_company, make_person, make_registration, make_voucher
from tests.registrations.test_pages import read_page_text
from tests.site_objects import make_delegated_role, make_delegation

pytestmark = pytest.mark.django_db
VOUCHERS = "/en/organize/congress/tickets/vouchers/"
FIELDS = {"code": "half", "kind": "percent", "amount": "20", "capacity": "1", "number": "1"}
WARNING = "No company in the directory or among the attendees is called"


def save_voucher(organizer: Client, page: str, company: str) -> str:
    response = organizer.post(f"{VOUCHERS}{page}/", {**FIELDS, "for_company": company}, follow=True)
    return read_page_text(response)


@pytest.mark.parametrize("page", ["new", "HALF"])
def test_companies_of_the_directory_and_of_attendees_are_suggested(
    organizer: Client, event: Event, page: str
):
    make_voucher(event)
    make_company(name="Zeta")
    make_registration(event.tickets.get(), company="Acme")

    root = html.fromstring(organizer.get(f"{VOUCHERS}{page}/").content)

    (field,) = root.xpath("//input[@name='for_company']")
    assert root.xpath(f"//datalist[@id='{field.get('list')}']/option/@value") == ["Acme", "Zeta"]


def test_organizer_of_another_firm_is_offered_companies_of_attendees_only(client: Client, event: Event):
    outsider = make_person()
    make_delegated_role(make_delegation(event), outsider)
    make_company(name="Zeta")
    make_registration(event.tickets.get(), company="Acme")
    client.force_login(outsider)

    root = html.fromstring(client.get(f"{VOUCHERS}new/").content)

    assert root.xpath("//datalist/option/@value") == ["Acme"]


def test_company_that_nobody_has_is_pointed_out(organizer: Client, event: Event):
    make_company(name="Orange Business")

    page = save_voucher(organizer, "new", "Ornage Business")

    assert f"{WARNING} “Ornage Business”" in page
    assert event.vouchers.get().for_company == "Ornage Business"


def test_another_company_of_a_voucher_is_checked_too(organizer: Client, event: Event):
    make_voucher(event)

    page = save_voucher(organizer, "HALF", "Ornage")

    assert WARNING in page


@pytest.mark.parametrize("company", ["", "societe  generale"])
def test_company_that_is_known_or_left_out_gives_no_warning(organizer: Client, event: Event, company: str):
    make_company(name="Société Générale")

    page = save_voucher(organizer, "new", company)

    assert WARNING not in page
    assert event.vouchers.count() == 1


def test_unchanged_company_gives_no_warning_again(organizer: Client, event: Event):
    make_voucher(event, for_company="Ornage")

    page = save_voucher(organizer, "HALF", "Ornage")

    assert WARNING not in page
