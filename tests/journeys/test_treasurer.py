"""The treasurer on a phone: manual receivable, invoice, credit note, reminder, bank statement.

test_every_page.py checks the pages with a fixed address. Here are pages that need earlier steps: a form with
a mistake, a buyer with documents, an imported statement, and bank lines to decide.
"""

import datetime

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from convention.club.models import ClubRole
from convention.money import format_creditor_reference
from registrations.invoices.documents.issuing import issue_invoice
from registrations.invoices.models.documents import Invoice, Receivable
from registrations.invoices.reminders import queue_due_reminders
from tests.factories import make_person
from tests.journeys.browsing import assert_accessible, assert_no_sideways_scroll, sign_in
from tests.registrations.invoices.factories import make_issuer, make_receivable
from tests.registrations.payments.statements import BOOKED_ON, csv_file

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]


def look_at(page: Page) -> None:
    assert_no_sideways_scroll(page)
    assert_accessible(page)


def submit_form(page: Page) -> None:
    """Press the submit button of the form."""
    page.locator("main form .button:not(.quiet):not(.plain)").last.click()
    page.wait_for_load_state()


@pytest.fixture
def treasurer(browser_page: Page, site) -> Page:
    make_issuer()
    person = make_person()
    ClubRole.objects.create(person=person, role=ClubRole.Role.TREASURER)
    sign_in(browser_page, Client(), site, person)
    return browser_page


@pytest.mark.parametrize("screen", ["phone"], indirect=True)
def test_treasurer_issues_documents_and_imports_bank_statement(treasurer, prefix, run_tasks, mailoutbox):
    page = treasurer
    late = make_receivable(name="Société en retard")
    issue_invoice(receivable=late, issued_on=timezone.localdate() - datetime.timedelta(days=60))
    run_tasks()
    queue_due_reminders()
    run_tasks()
    assert len(mailoutbox) == 1
    page.goto(f"{prefix}/organize/money/")

    # A receivable without an order: entered with a mistake, then corrected.
    page.locator("a[href$='/money/new/']").click()
    for name, text in {
        "name": "Acme SA", "street": "1 quai", "postcode": "69002", "city": "Lyon", "siren": "123",
        "line-0-description": "Salle", "line-0-price": "600",
    }.items():  # fmt: skip
        page.locator(f"[name='{name}']").fill(text)
    submit_form(page)
    look_at(page)
    page.locator("[name=siren]").fill("542 051 180")
    submit_form(page)
    expect(page.locator("h1")).to_contain_text("Acme SA")
    made = Receivable.objects.get(name="Acme SA")

    # Its invoice, and a partial credit note.
    page.locator("a[href$='/issue/']").first.click()
    submit_form(page)
    page.locator("a[href*='/invoices/'][href$='/credit/']").click()
    page.locator("[name=what][value=amount]").check()
    page.locator("[name=amount]").fill("100")
    page.locator("[name=reason]").fill("Geste")
    submit_form(page)
    look_at(page)
    submit_form(page)
    look_at(page)
    invoices = Invoice.objects.filter(receivable=made).order_by("pk")
    assert [(invoice.kind, invoice.total) for invoice in invoices] == [
        ("invoice", 60_000), ("credit_note", 10_000),
    ]  # fmt: skip

    # The overdue receivable with its reminder, then the bank statement.
    page.goto(f"{prefix}/organize/money/owed/{late.reference}/")
    assert_no_sideways_scroll(page)
    page.goto(f"{prefix}/organize/money/bank/import/")
    statement = csv_file(
        "Date;Montant;Libellé",
        f"{BOOKED_ON:%d/%m/%Y};500,00;VIR {format_creditor_reference(made.reference)}",
        f"{BOOKED_ON:%d/%m/%Y};77,00;VIR DE QUI ?",
    )
    upload = {"name": "releve.csv", "mimeType": "text/csv", "buffer": statement}
    page.locator("[name=file]").set_input_files(upload)
    submit_form(page)
    look_at(page)
    submit_form(page)
    look_at(page)
    page.locator("main table a").first.click()
    look_at(page)
    assert made.payments.get().amount == 50_000
