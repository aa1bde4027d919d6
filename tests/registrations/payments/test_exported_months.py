"""Bank lines of a month whose entries the accountant has already."""

import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from lxml import html

from registrations.invoices.accounting.exported_months import record_export
from tests.registrations.payments.factories import order_by_card
from tests.registrations.payments.statements import BOOKED_ON, camt

pytestmark = [pytest.mark.django_db, pytest.mark.once]
LAST_OF_MONTH = timezone.localdate().replace(day=1) - datetime.timedelta(days=1)
WARNING = "send the new export to the accountant"


def preview_transfer(client, event):
    """Preview the import of a transfer of last month that pays an order."""
    order = order_by_card(event, payment="invoice")
    content = camt((12_000, "Acme", "", order.creditor_reference))
    content = content.replace(str(BOOKED_ON).encode(), str(LAST_OF_MONTH).encode())
    file = SimpleUploadedFile("x.xml", content)
    return client.post("/en/organize/money/bank/import/", {"file": file, "check": "1"})


def test_preview_and_import_name_the_exported_month(client, treasurer, event):
    client.force_login(treasurer)
    record_export(LAST_OF_MONTH.replace(day=1), LAST_OF_MONTH)

    preview = preview_transfer(client, event)
    [form] = html.fromstring(preview.content).xpath("//main//form")
    result = client.post("/en/organize/money/bank/import/", dict(form.form_values()), follow=True)

    assert WARNING in preview.text
    assert WARNING in result.text


def test_import_of_a_month_that_was_not_exported_has_no_warning(client, treasurer, event):
    client.force_login(treasurer)

    assert WARNING not in preview_transfer(client, event).text
