"""What the treasurer reads on the pages of receivables."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone
from lxml import html

from registrations.invoices.documents.issuing import issue_invoice
from tests.registrations.invoices.factories import make_receivable

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def client(treasurer):
    return treasurer


def read_main_text(answer) -> str:
    return " ".join(html.fromstring(answer.content).xpath("//main")[0].text_content().split())


def test_list_shows_the_due_date_of_what_is_unpaid(issuer, client):
    late_day = timezone.localdate() - datetime.timedelta(days=90)
    invoice = issue_invoice(receivable=make_receivable(), issued_on=late_day)

    page = html.fromstring(client.get(reverse("receivables"), {"state": "overdue"}).content)

    [due] = page.xpath("//td[@data-label='Échéance']//time/@datetime")
    assert due[:10] == str(invoice.due_on)
