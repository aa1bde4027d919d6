"""A contact cancels several places of an order together."""

import re

import pytest
from lxml import html

from convention.audit.models import AuditEntry
from registrations.billing.receivables import sync_receivable
from registrations.invoices.documents.issuing import issue_invoice
from registrations.invoices.models.documents import Invoice
from registrations.models import Order, Registration
from tests.factories import make_contact
from tests.registrations.company.factories import make_desk, make_row, order_rows
from tests.registrations.invoices.factories import make_issuer

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk():
    """A company with an order of three places of €300 each."""
    desk = make_desk()
    make_issuer()
    order_rows(desk, make_row("Alpha", "a@x.fr"), make_row("Beta", "b@x.fr"), make_row("Gamma", "c@x.fr"))
    return desk


def find_places(*last_names):
    rows = Registration.objects.filter(last_name__in=last_names).order_by("last_name")
    return list(rows.values_list("reference", flat=True))


def make_order_url(desk):
    return f"/en{desk.at}/orders/{Order.objects.get().reference}/"


def read_preview(desk, *last_names):
    response = desk.client.get(f"{make_order_url(desk)}cancel/", {"place": find_places(*last_names)})
    return html.fromstring(response.content)


def confirm(desk, *last_names, **more):
    [fee] = read_preview(desk, *last_names).xpath("//input[@name='fee']/@value")
    data = {"place": find_places(*last_names), "fee": fee, **more}
    return desk.client.post(f"{make_order_url(desk)}cancel/", data, follow=True)


def test_cancellation_mail_leads_the_contact_to_register_colleagues(desk, mailoutbox, run_tasks):
    Order.objects.update(language="en")
    confirm(desk, "Alpha")
    mailoutbox.clear()

    run_tasks()

    [mail] = [
        mail
        for mail in mailoutbox
        if "Registration cancelled" in mail.subject and mail.to == [desk.contact.email]
    ]
    register_url = f"/en{desk.many}"
    assert re.search(f"Register colleagues:\n\\S*{register_url}\n", mail.body)
    [link] = html.fromstring(mail.alternatives[0].content).xpath("//a[.='Register colleagues']/@href")
    assert link.endswith(register_url)
    assert "Register again" not in mail.body


def test_order_page_offers_its_active_places(desk):
    confirm(desk, "Alpha")

    page = html.fromstring(desk.client.get(make_order_url(desk)).content)

    assert page.xpath("//input[@name='place']/@value") == find_places("Beta", "Gamma")


def test_order_with_one_active_place_offers_no_selection(desk):
    confirm(desk, "Alpha", "Beta")

    page = html.fromstring(desk.client.get(make_order_url(desk)).content)

    assert not page.xpath("//input[@name='place']")


def test_page_states_each_amount_and_the_sum(desk):
    page = read_preview(desk, "Alpha", "Beta")

    amounts = page.xpath("//td[@data-label='Amount']/text()")
    sentences = page.xpath("//main//li/text()")
    assert amounts == ["€300", "€300"]
    assert "The outstanding €600 will no longer be due." in sentences


@pytest.mark.parametrize(
    ("last_names", "sentence"),
    [
        (["Alpha"], "The place will become available to others immediately, and the badge will"),
        (["Alpha", "Beta"], "The places will become available to others immediately, and the badges will"),
    ],
)
def test_page_says_what_happens_to_one_place_or_to_several(desk, last_names, sentence):
    page = read_preview(desk, *last_names)

    assert f"{sentence} no longer be valid." in page.xpath("//main//li/text()")


def test_places_are_cancelled_together(desk):
    response = confirm(desk, "Alpha", "Beta")

    assert "2 places have been cancelled." in response.text
    assert Registration.objects.get(cancelled_at__isnull=True).last_name == "Gamma"


def test_one_credit_note_covers_all_places(desk):
    issue_invoice(receivable=sync_receivable(Order.objects.get()))

    confirm(desk, "Alpha", "Beta")

    credit_note = Invoice.objects.get(kind=Invoice.Kind.CREDIT_NOTE)
    assert credit_note.total == 60_000


def test_buyer_gets_one_e_mail(desk, run_tasks, mailoutbox):
    run_tasks()
    mailoutbox.clear()

    confirm(desk, "Alpha", "Beta")
    run_tasks()

    to_buyer = [mail for mail in mailoutbox if mail.to == [desk.contact.email]]
    assert len(to_buyer) == 1


def test_history_says_that_another_contact_cancelled(desk):
    desk.client.force_login(make_contact(desk.company))

    confirm(desk, "Alpha", "Beta")

    entries = AuditEntry.objects.filter(verb="registration.cancel")
    assert [entry.details["cancelled_by"] for entry in entries] == ["contact", "contact"]


def test_nothing_is_cancelled_if_the_fees_have_changed(desk):
    response = confirm(desk, "Alpha", "Beta", fee="100")

    assert "The refund has changed in the meantime. Check it again." in response.text
    assert not Registration.objects.exclude(cancelled_at=None).exists()


def test_place_of_another_order_is_not_cancelled(desk):
    url = make_order_url(desk)
    order_rows(desk, make_row("Delta", "d@x.fr"))

    response = desk.client.post(f"{url}cancel/", {"place": find_places("Delta"), "fee": "0"}, follow=True)

    assert "Select the places to cancel." in response.text
    assert Registration.objects.get(last_name="Delta").cancelled_at is None
