"""Suggestions for a bank line by name, amount or reference, and the way to the next line."""

import datetime

import pytest
from django.urls import reverse
from lxml import html

from registrations.invoices.ledger.balance import compute_balance
from registrations.payments.bank.import_statement import import_statement
from registrations.payments.bank.matching import BankLineFacts, PayableIndex, PayableItem, rank_payables
from registrations.payments.bank.statement_files import read_statement
from registrations.payments.models import BankLine
from tests.registrations.invoices.factories import make_issuer, make_receivable
from tests.registrations.payments.statements import camt
from tests.site_objects import make_client

ITEMS = [
    PayableItem("AAAAAA1", "Acme Industries", 12_000, invoice_numbers=("F2026-000007",)),
    PayableItem("BBBBBB2", "Bolt", 12_000),
    PayableItem("CCCCCC3", "Acme Services", 9_000),
    PayableItem("DDDDDD4", "Réseaux du Nord", 5_000),
    PayableItem("EEEEEE5", "Acme Industries", 0, was_paid=True),
]


@pytest.mark.parametrize(
    ("payer_text", "counterparty", "search_text", "expected"),
    [
        ("virement", "ACME INDUSTRIES SAS", "", ["AAAAAA1", "CCCCCC3", "BBBBBB2"]),
        ("DDDDDD4", "Inconnu", "", ["DDDDDD4", "AAAAAA1", "BBBBBB2"]),
        ("virement", "Inconnu", "reseaux", ["DDDDDD4"]),
        ("virement", "Inconnu", "2026-000007", ["AAAAAA1"]),
        ("virement", "Inconnu", "acme eeeeee5", ["EEEEEE5"]),
        ("virement", "Inconnu", "rien de tel", []),
    ],
)
def test_payables_are_ranked_by_likelihood(payer_text, counterparty, search_text, expected):
    line_facts = BankLineFacts(12_000, payer_text, counterparty, datetime.date(2027, 3, 1))

    found = rank_payables(line_facts, PayableIndex.build_index(ITEMS), search_text)

    assert [suggestion.item.reference for suggestion in found] == expected


def test_partial_name_is_similar_and_whole_name_is_same():
    items = [PayableItem("PPPPPP1", "Marie Le Goff", 4_000), PayableItem("PPPPPP2", "Marie Blanc", 4_000)]
    line_facts = BankLineFacts(9_000, "", "MLE LE GOFF MARIE", datetime.date(2027, 3, 1))

    found = rank_payables(line_facts, PayableIndex.build_index(items))

    assert [(one.item.reference, one.has_same_name, one.has_similar_name) for one in found] == [
        ("PPPPPP1", True, False),
        ("PPPPPP2", False, True),
    ]


@pytest.mark.django_db
@pytest.mark.once
def test_one_click_assigns_a_suggestion_and_opens_the_next_line(treasurer):
    client = make_client(treasurer)
    make_issuer()
    receivable = make_receivable(name="Acme Industries", reference="ACME01")
    # After an import, the name of the buyer may be empty; the page must still be shown.
    make_receivable(name="", email="", reference="NAMELESS1")
    import_statement(
        file=read_statement(
            "x.xml", camt((12_000, "Acme Ind.", "merci", ""), (700, "Zzz", "don", ""), (300, "Yyy", "", ""))
        )
    )
    line, other = BankLine.objects.get(amount=12_000), BankLine.objects.get(amount=700)
    address = reverse("bank-line", args=[line.pk])

    page = html.fromstring(client.get(address, {"q": "acme"}).content)
    [form] = page.xpath("//main//form[.//input[@name='reference' and @type='hidden']]")
    answer = client.post(address, dict(form.form_values()))
    last = BankLine.objects.get(amount=300)
    ignored = client.post(reverse("bank-line-ignore", args=[last.pk]), {"ignore-reason": "don"})

    assert compute_balance(receivable).amount_due == 0
    # After the last line, the next one is the line that was skipped.
    assert answer["Location"] == reverse("bank-line", args=[last.pk])
    assert ignored["Location"] == reverse("bank-line", args=[other.pk])
