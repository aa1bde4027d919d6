"""Dues of memberships that are still to be invoiced, and the form that is filled in for them."""

import datetime

import pytest
from django.utils import timezone
from lxml import html

from convention.audit.models import AuditEntry
from convention.club.directory_import.import_directory import import_directory
from convention.club.directory_import.undo import preview_undo
from convention.club.models import Membership, Plan
from convention.tables.files import read_table
from registrations.invoices.ledger.charges import ChargeItem
from registrations.invoices.membership_dues import find_company, list_memberships_to_invoice, record_dues
from registrations.invoices.models import Receivable
from tests.factories import make_company, make_membership
from tests.registrations.invoices.factories import make_receivable

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def membership():
    """Return a confirmed membership of 4,800 € without VAT."""
    company = make_company(name="Silicium", street="1 quai", postcode="69002", city="Lyon", siren="542051180")
    return make_membership(company, dues_cents=480_000)


def submit_prefilled_form(treasurer, membership):
    address = f"/en/organize/money/new/?membership={membership.pk}"
    [form] = html.fromstring(treasurer.get(address).content).xpath("//main//form[@method='post']")
    return treasurer.post(address, dict(form.form_values()), follow=True)


def test_membership_is_to_be_invoiced_until_its_dues_have_a_receivable(issuer, treasurer, membership):
    before = list_memberships_to_invoice(today=timezone.localdate())
    submit_prefilled_form(treasurer, membership)
    after = list_memberships_to_invoice(today=timezone.localdate())

    assert before == [membership]
    assert after == []


def test_receivable_of_dues_has_the_company_and_the_amount(issuer, treasurer, membership):
    submit_prefilled_form(treasurer, membership)

    receivable = Receivable.objects.with_balance().get()
    assert receivable.name == "Silicium"
    assert receivable.siren == "542051180"
    assert receivable.amount_owed == 480_000
    assert receivable.service_from == membership.starts_on


def post_memberships(treasurer, *memberships, **typed):
    values = {"membership": [row.pk for row in memberships], **typed}
    return treasurer.post("/en/organize/money/memberships/", values, follow=True)


def test_ticked_dues_are_counted_and_summed_before_they_are_added(issuer, treasurer, membership):
    other = make_membership(make_company(name="Nuage"), dues_cents=100_000)

    answer = post_memberships(treasurer, membership, other)

    assert "Add 2 receivables, €5,800.00 in total" in answer.text
    assert Receivable.objects.count() == 0


def test_ticked_dues_are_added_together_and_once(issuer, treasurer, membership):
    other = make_membership(make_company(name="Nuage"), dues_cents=100_000)

    for _click in range(2):
        post_memberships(treasurer, membership, other, confirmed="1")

    amounts = Receivable.objects.with_balance().order_by("name").values_list("name", "amount_owed")
    assert list(amounts) == [("Nuage", 100_000), ("Silicium", 480_000)]
    assert AuditEntry.objects.filter(verb="receivable.owe").count() == 2


def test_unticked_dues_are_not_added(issuer, treasurer, membership):
    other = make_membership(make_company(name="Nuage"), dues_cents=100_000)

    post_memberships(treasurer, other, confirmed="1")

    assert [row.name for row in Receivable.objects.all()] == ["Nuage"]


def test_adding_no_dues_asks_to_tick_some(issuer, treasurer, membership):
    answer = post_memberships(treasurer)

    assert "Tick the memberships to invoice." in answer.text


def test_dues_are_recorded_once(issuer, treasurer, membership):
    submit_prefilled_form(treasurer, membership)

    page = treasurer.get(f"/en/organize/money/new/?membership={membership.pk}", follow=True)

    assert "These dues already have a receivable." in page.text
    assert Receivable.objects.count() == 1


def record_by_hand(cents: int = 480_000, **fields) -> Receivable:
    """Record a receivable of the company as the treasurer does without starting from the membership."""
    values = {"name": "SILICIUM", "siren": "542051180", "event": None, "service_from": None, **fields}
    return make_receivable(ChargeItem("hand-1", "Cotisation", cents, 2000), **values)


@pytest.mark.parametrize(
    "fields",
    [{}, {"siren": ""}, {"name": "Silicium SAS"}, {"service_from": datetime.date(2026, 1, 1)}],
    ids=["both", "name", "SIREN", "period"],
)
def test_dues_entered_by_hand_are_recognized(membership, fields):
    record_by_hand(**fields)

    assert list_memberships_to_invoice(today=timezone.localdate()) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"cents": 470_000},
        {"name": "Autre", "siren": ""},
        {"service_from": datetime.date(2018, 1, 1), "service_to": datetime.date(2018, 12, 31)},
    ],
    ids=["amount", "company", "period"],
)
def test_other_receivables_of_the_company_are_no_dues(membership, fields):
    record_by_hand(**fields)

    assert list_memberships_to_invoice(today=timezone.localdate()) == [membership]


def test_receivable_entered_by_hand_counts_for_one_membership(membership):
    today = timezone.localdate()
    membership.ends_on = today + datetime.timedelta(days=10)
    membership.save()
    renewal = make_membership(
        membership.company,
        dues_cents=480_000,
        starts_on=membership.ends_on + datetime.timedelta(days=1),
        confirmed_on=today,
    )

    record_by_hand()

    assert list_memberships_to_invoice(today=today) == [renewal]


def test_unconfirmed_membership_is_not_to_be_invoiced(membership):
    membership.confirmed_on = None
    membership.save()

    assert list_memberships_to_invoice(today=timezone.localdate()) == []


def test_list_and_money_page_lead_to_the_form(issuer, treasurer, membership):
    page = treasurer.get("/en/organize/money/memberships/")
    money = treasurer.get("/en/organize/money/")

    assert f"/en/organize/money/new/?membership={membership.pk}" in page.text
    assert "1 membership remains to be invoiced." in money.text


@pytest.mark.parametrize("typed", ["silicium", "542 051 180"])
def test_company_of_the_directory_fills_in_the_buyer(treasurer, membership, typed):
    page = html.fromstring(
        treasurer.post("/en/organize/money/new/", {"fill_in": "1", "company": typed}).content
    )

    [street] = page.xpath("//input[@name='street']/@value")
    assert street == "1 quai"


def test_unknown_company_is_named_as_such(treasurer):
    page = treasurer.post("/en/organize/money/new/", {"fill_in": "1", "company": "Nobody"})

    assert "No company in the directory has this name or SIREN." in page.text


def test_dues_added_by_a_treasurer_with_english_pages_are_in_the_language_of_the_buyer(
    issuer, treasurer, membership
):
    post_memberships(treasurer, membership, confirmed="1")

    receivable = Receivable.objects.get()
    assert receivable.language == "fr"
    assert all(charge.description.startswith("Adhésion") for charge in receivable.charges.all()[:1])


def test_no_membership_is_ticked_at_first(issuer, treasurer, membership):
    page = html.fromstring(treasurer.get("/en/organize/money/memberships/").content)

    [box] = page.xpath("//label[contains(., 'Silicium')]/input[@name='membership']")
    assert box.get("checked") is None


def test_all_memberships_are_selected_with_one_box(issuer, treasurer, membership):
    answer = treasurer.post("/en/organize/money/memberships/", {"all": "1"})

    assert [row for row, _dues in answer.context["ticked_dues"]] == [membership]


def test_name_of_a_merged_company_finds_the_one_it_merged_into():
    stays = make_company(name="Orage SA")
    make_company(name="Nuage SA", parent=stays, merged_on=timezone.localdate())

    assert find_company("Nuage SA") == stays


def test_company_that_merges_later_is_found_under_its_name():
    tomorrow = timezone.localdate() + datetime.timedelta(days=1)
    company = make_company(name="Nuage SA", parent=make_company(), merged_on=tomorrow)

    assert find_company("Nuage SA") == company


def test_undo_of_an_import_leaves_a_membership_whose_dues_were_invoiced(issuer):
    Plan.objects.create(slug="or", name="Or", dues_cents=480_000)
    text = "company,plan,member from,confirmed on\nNuage,Or,2026-01-01,2026-01-01\n"
    done = import_directory(table=read_table("list.csv", text.encode()))
    record_dues(Membership.objects.get())

    undo = preview_undo(done.import_record)

    assert ("Nuage, Or", "d’autres données en dépendent (cotisation facturée)") in undo.named_skipped_rows
    assert undo.removed_keys["company"] == []
