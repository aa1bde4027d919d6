"""Suggestions for a bank line by name, amount or reference, and the way to the next line."""

import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from lxml import html

from convention.money import format_creditor_reference
from registrations.billing.buyer_name import find_billing_name
from registrations.billing.receivables import sync_receivable
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.ledger.payments import record_payment
from registrations.invoices.models import Receivable
from registrations.models import Order
from registrations.payments.bank.assignments import assign_line_to_several
from registrations.payments.bank.import_statement import import_statement
from registrations.payments.bank.matching import (
    BankLineFacts,
    MatchKind,
    PayableIndex,
    PayableItem,
    match_line,
)
from registrations.payments.bank.payables import build_payable_index
from registrations.payments.bank.statement_files import read_statement
from registrations.payments.bank.suggestions import find_items_of_payer, rank_payables
from registrations.payments.models import BankLine
from tests.registrations.invoices.factories import make_issuer, make_receivable
from tests.registrations.payments.factories import order_by_card
from tests.registrations.payments.statements import camt
from tests.site_objects import make_client

ITEMS = [
    PayableItem("AAAAAA1", "Acme Industries", 12_000, document_numbers=("F2026-000007",)),
    PayableItem("BBBBBB2", "Bolt", 12_000),
    PayableItem("CCCCCC3", "Acme Services", 9_000),
    PayableItem("DDDDDD4", "Réseaux du Nord", 5_000),
    PayableItem("EEEEEE5", "Acme Industries", 0, was_paid=True),
]


def test_reference_of_another_currency_is_named_as_such():
    line_facts = BankLineFacts(12_000, "AAAAAA1", "Acme", datetime.date(2027, 3, 1), currency="USD")

    match = match_line(line_facts, PayableIndex.build_index(ITEMS))

    assert match.kind == MatchKind.OTHER_CURRENCY


def test_reference_and_invoice_of_two_buyers_are_both_recognized():
    line_facts = BankLineFacts(17_000, "F2026-000007 DDDDDD4", "Acme", datetime.date(2027, 3, 1))

    match = match_line(line_facts, PayableIndex.build_index(ITEMS))

    assert match.kind == MatchKind.EXACT
    assert dict(match.parts) == {"AAAAAA1": 12_000, "DDDDDD4": 5_000}


@pytest.mark.parametrize(
    ("payer_text", "counterparty", "search_text", "expected"),
    [
        ("virement", "ACME INDUSTRIES SAS", "", ["AAAAAA1", "CCCCCC3", "BBBBBB2"]),
        ("DDDDDD4", "Inconnu", "", ["DDDDDD4", "AAAAAA1", "BBBBBB2"]),
        ("virement", "Inconnu", "reseaux", ["DDDDDD4"]),
        ("virement", "Inconnu", "2026-000007", ["AAAAAA1"]),
        ("virement", "Inconnu", "acme eeeeee5", ["EEEEEE5"]),
        ("virement", "Inconnu", format_creditor_reference("DDDDDD4"), ["DDDDDD4"]),
        ("virement", "Inconnu", "rien de tel", []),
    ],
)
def test_payables_are_ranked_by_likelihood(payer_text, counterparty, search_text, expected):
    line_facts = BankLineFacts(12_000, payer_text, counterparty, datetime.date(2027, 3, 1))

    found = rank_payables(line_facts, PayableIndex.build_index(ITEMS), search_text)

    assert [suggestion.item.reference for suggestion in found] == expected


@pytest.mark.parametrize(
    ("payer_text", "kind"),
    [
        ("VIREMENT RESEAUX DU NORD 50", MatchKind.PROPOSAL),
        ("VIR RECU DE NORD", MatchKind.UNKNOWN),
    ],
)
def test_name_in_the_text_is_a_possible_match_if_it_is_complete(payer_text, kind):
    line_facts = BankLineFacts(5_000, payer_text, "", datetime.date(2027, 3, 1))

    match = match_line(line_facts, PayableIndex.build_index(ITEMS))

    assert match.kind == kind


FAMILY = [
    PayableItem("FFFFFF1", "Julie Charpentier", 9_000),
    PayableItem("FFFFFF2", "Samuel Charpentier", 9_000),
    PayableItem("FFFFFF3", "Samuel Blanc", 9_000),
]


@pytest.mark.parametrize("counterparty", ["CHARPENTIER SAMUEL", "M. CHARPENTIER SAMUEL"])
def test_exact_name_and_amount_outweigh_similar_names(counterparty):
    line_facts = BankLineFacts(9_000, "virement", counterparty, datetime.date(2027, 3, 1))

    match = match_line(line_facts, PayableIndex.build_index(FAMILY))

    assert match.kind == MatchKind.PROPOSAL
    assert match.reference == "FFFFFF2"


def test_similar_names_alone_remain_unidentified():
    line_facts = BankLineFacts(9_000, "virement", "CHARPENTIER SAMUEL PAUL", datetime.date(2027, 3, 1))

    match = match_line(line_facts, PayableIndex.build_index(FAMILY))

    assert match.kind == MatchKind.UNKNOWN


def test_paid_receivable_of_the_same_name_is_suggested_first():
    paid = PayableItem("FFFFFF2", "Samuel Charpentier", 0, was_paid=True, paid_cents=9_000)
    line_facts = BankLineFacts(9_000, "virement", "CHARPENTIER SAMUEL", datetime.date(2027, 3, 1))

    found = rank_payables(line_facts, PayableIndex.build_index([FAMILY[0], paid, FAMILY[2]]))

    assert [one.item.reference for one in found] == ["FFFFFF2", "FFFFFF1", "FFFFFF3"]
    assert [one.is_already_paid for one in found] == [True, False, False]


def test_paid_receivable_of_another_amount_is_not_suggested():
    paid = PayableItem("FFFFFF2", "Samuel Charpentier", 0, was_paid=True, paid_cents=8_000)
    line_facts = BankLineFacts(9_000, "virement", "CHARPENTIER SAMUEL", datetime.date(2027, 3, 1))

    found = rank_payables(line_facts, PayableIndex.build_index([paid]))

    assert found == []


@pytest.mark.django_db
@pytest.mark.once
def test_page_of_a_double_payment_names_the_paid_receivable(treasurer):
    receivable = make_receivable(name="Samuel Charpentier")
    record_payment(receivable=receivable, amount=12_000, method="transfer")
    import_statement(file=read_statement("x.xml", camt((12_000, "CHARPENTIER SAMUEL", "", ""))))

    page = make_client(treasurer).get(f"/en{reverse('bank-line', args=[BankLine.objects.get().pk])}")

    [suggestion] = html.fromstring(page.content).xpath(f"//li[contains(., '{receivable.reference}')]")
    assert [tag.text for tag in suggestion.xpath(".//span[@class='tag']")][-1] == "already paid"


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
def test_line_leads_to_the_next_one_and_has_amounts_with_cents(treasurer):
    import_statement(file=read_statement("x.xml", camt((135_000, "Acme", "", ""), (700, "Zzz", "", ""))))
    line, other = BankLine.objects.get(amount=135_000), BankLine.objects.get(amount=700)

    page = make_client(treasurer).get(f"/en{reverse('bank-line', args=[line.pk])}")

    [link] = html.fromstring(page.content).xpath("//a[contains(., 'Next line (1 to review)')]/@href")
    assert link.endswith(reverse("bank-line", args=[other.pk]))
    assert "€1,350.00 to assign" in page.text


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


NIMBUS_CHOICE = {"chosen": "1", "part": ["NIMBUS01:12000", "NIMBUS02:12000"]}


def import_payment_of_two_orders() -> BankLine:
    make_issuer()
    for reference in ("NIMBUS01", "NIMBUS02"):
        make_receivable(name="Nimbus", reference=reference)
    import_statement(file=read_statement("x.xml", camt((24_000, "NIMBUS SAS", "inscriptions", ""))))
    return BankLine.objects.get()


@pytest.mark.django_db
@pytest.mark.once
def test_one_button_assigns_a_line_to_all_orders_of_its_payer(treasurer):
    client, address = make_client(treasurer), reverse("bank-line", args=[import_payment_of_two_orders().pk])

    page = html.fromstring(client.get(f"/en{address}").content)
    [form] = page.xpath("//main//form[.//input[@type='hidden' and @name='part']]")
    parts = form.xpath(".//input[@name='part']/@value")
    answer = client.post(address, {"chosen": "1", "part": parts})

    assert "This is exactly the total of 2 amounts due from Nimbus:" in form.text_content()
    assert answer["Location"] == reverse("bank-lines")
    assert [compute_balance(row).amount_due for row in Receivable.objects.all()] == [0, 0]


@pytest.mark.django_db
@pytest.mark.once
def test_message_names_what_was_assigned_of_a_line(treasurer):
    line = import_payment_of_two_orders()
    other = make_receivable(name="Other", reference="OTHER001")
    BankLine.objects.update(amount=36_000)
    client, address = make_client(treasurer), reverse("bank-line", args=[line.pk])
    assign_line_to_several(line=BankLine.objects.get(), parts=[(other.reference, 12_000)])

    answer = client.post(f"/en{address}", NIMBUS_CHOICE, follow=True)

    assert "€240.00" in answer.text


@pytest.mark.django_db
@pytest.mark.once
def test_orders_that_were_paid_meanwhile_are_not_assigned_together(treasurer):
    client, address = make_client(treasurer), reverse("bank-line", args=[import_payment_of_two_orders().pk])
    paid = Receivable.objects.get(reference="NIMBUS01")
    record_payment(receivable=paid, amount=12_000, method="cash")

    client.post(address, NIMBUS_CHOICE)

    assert BankLine.objects.get().assignments.count() == 0


def test_payables_of_a_payer_that_make_another_sum_are_no_group():
    items = [PayableItem("NNNNNN1", "Nimbus", 4_000), PayableItem("NNNNNN2", "Nimbus", 4_000)]
    line_facts = BankLineFacts(9_000, "", "NIMBUS", datetime.date(2027, 3, 1))

    assert find_items_of_payer(line_facts, PayableIndex.build_index(items)) == []


def make_polaris_items(*amounts: int) -> list[PayableItem]:
    return [
        PayableItem(f"POLAR{number:03}", "Stockage Polaris", cents) for number, cents in enumerate(amounts)
    ]


POLARIS_LINE = BankLineFacts(315_000, "MULTI", "STOCKAGE POLARIS SAS", datetime.date(2027, 3, 1))


def test_only_subset_of_a_payers_payables_with_the_sum_is_a_group():
    items = make_polaris_items(400_000, *[45_000] * 7)

    found = find_items_of_payer(POLARIS_LINE, PayableIndex.build_index(items))

    assert found == items[1:]


@pytest.mark.parametrize(
    "amounts",
    [
        # Which seven of the eight were paid?
        [45_000] * 8,
        # One payable has this amount itself.
        [315_000, 300_000, 15_000],
        # Two subsets have this sum.
        [300_000, 15_000, 200_000, 115_000],
        # Too many for a sum to mean anything.
        [*range(10_000, 10_012), 305_000],
    ],
)
def test_ambiguous_sums_of_a_payers_payables_are_no_group(amounts):
    index = PayableIndex.build_index(make_polaris_items(*amounts))

    assert find_items_of_payer(POLARIS_LINE, index) == []


def test_payable_far_above_the_amount_of_the_line_is_suggested_last():
    index = PayableIndex.build_index(make_polaris_items(400_000, *[45_000] * 7))

    found = rank_payables(POLARIS_LINE, index)

    assert found[-1].item.amount_due == 400_000


def test_all_payables_of_the_same_name_are_suggested():
    index = PayableIndex.build_index(make_polaris_items(*[45_000] * 12))

    assert len(rank_payables(POLARIS_LINE, index)) == 12


@pytest.mark.django_db
@pytest.mark.once
def test_line_is_suggested_by_the_attendee_of_an_order_without_a_buyer(event):
    order = order_by_card(event, payment="invoice")
    Receivable.objects.all().delete()
    # As after an import that names attendees only.
    Order.objects.update(email="", billing_name="", company="")
    line_facts = BankLineFacts(5_000, "virement", "MULLER ZOE", datetime.date(2027, 3, 1))

    [suggestion] = rank_payables(line_facts, build_payable_index())

    assert suggestion.item.reference == order.reference
    assert suggestion.item.buyer_name == "Zoé Müller 0"
    assert suggestion.has_similar_name


@pytest.mark.django_db
@pytest.mark.once
def test_matches_name_the_buyer_in_preview_and_list(treasurer):
    make_issuer()
    make_receivable(name="Acme Industries", reference="ACME001")
    client = make_client(treasurer)
    content = camt((5_000, "Acme", "ACME001", ""))

    statement = SimpleUploadedFile("x.xml", content)
    preview = client.post(reverse("bank-import"), {"file": statement, "check": "1"})
    import_statement(file=read_statement("x.xml", content))
    lines = client.get(reverse("bank-lines"))

    assert "Acme Industries · ACME001" in preview.text
    assert "Acme Industries · ACME001" in lines.text


@pytest.mark.django_db
@pytest.mark.once
def test_unidentified_line_is_explained_on_its_own_page_only(treasurer):
    make_issuer()
    client = make_client(treasurer)
    import_statement(file=read_statement("x.xml", camt((700, "Zzz", "don", ""))))

    lines = client.get(reverse("bank-lines"))
    line = client.get(reverse("bank-line", args=[BankLine.objects.get().pk]))

    assert "à identifier" in lines.text
    assert "Aucune référence reconnue" not in lines.text
    assert "Aucune référence reconnue" in line.text
    assert "ci-dessous" not in line.text


def test_part_of_an_address_is_no_name():
    items = [PayableItem("AAAAAA1", "guest1@convention.example", 4_000), PayableItem("BBBBBB2", "", 4_000)]
    line_facts = BankLineFacts(9_000, "VIR ABADIE NATHALIE CONVENTION", "", datetime.date(2027, 3, 1))

    assert rank_payables(line_facts, PayableIndex.build_index(items)) == []


@pytest.mark.django_db
@pytest.mark.once
@pytest.mark.parametrize("is_billed", [True, False])
def test_line_is_suggested_and_found_by_an_attendee(event, treasurer, is_billed):
    client = make_client(treasurer)
    make_issuer()
    order = order_by_card(event, people=2, payment="invoice")
    if is_billed:
        sync_receivable(order)
    import_statement(file=read_statement("x.xml", camt((5_000, "", "VIR MULLER ZOE 1 CONVENTION", ""))))
    address = reverse("bank-line", args=[BankLine.objects.get().pk])

    suggested = client.get(address)
    found = client.get(address, {"q": "zoé müller"})

    [(suggestion, _part)] = suggested.context["suggestions"]
    assert suggestion.item.buyer_name == "Acme"
    assert suggestion.matched_name == "Zoé Müller 1"
    assert "Participant\u202f: Zoé Müller 1" in suggested.text
    assert [suggestion.item.reference for suggestion, _part in found.context["suggestions"]] == [
        order.reference
    ]


@pytest.mark.django_db
@pytest.mark.once
def test_transferred_place_with_the_buyers_address_does_not_name_the_buyer(event):
    order = order_by_card(event, people=2, payment="invoice")
    Receivable.objects.all().delete()
    transferred = order.registrations.latest("pk")
    order.registrations.filter(pk=transferred.pk).update(transferred_at=timezone.now())
    Order.objects.update(email=transferred.email, billing_name="", company="")

    [item] = build_payable_index().items.values()

    assert item.buyer_name == "Zoé Müller 0"
    assert Order.objects.get().buyer_label == "Zoé Müller 0"
    assert find_billing_name(Order.objects.get()) == ""


@pytest.mark.django_db
@pytest.mark.once
def test_names_of_payables_take_no_query_each(event, django_assert_num_queries):
    event.tickets.update(capacity=20)
    sync_receivable(order_by_card(event, people=2, payment="invoice"))
    order_by_card(event, people=2, payment="invoice")
    with CaptureQueriesContext(connection) as queries:
        build_payable_index()
    for _number in range(2):
        sync_receivable(order_by_card(event, people=2, payment="invoice"))
        order_by_card(event, people=2, payment="invoice")

    with django_assert_num_queries(len(queries)):
        build_payable_index()
