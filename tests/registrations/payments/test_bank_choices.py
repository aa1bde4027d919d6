"""One bank line for several receivables: those ticked, those typed, and undoing them together."""

import pytest
from django.test import Client
from django.urls import reverse
from lxml import html

from convention.money import format_creditor_reference
from registrations.invoices.ledger.payments import record_payment
from registrations.invoices.ledger.refunds import request_refund
from registrations.invoices.models import Payment, Receivable
from registrations.payments.bank.assignments import (
    InvalidAssignment,
    assign_line_to_several,
    undo_assignments,
)
from registrations.payments.bank.matching import PayableIndex, PayableItem, split_typed_references
from registrations.payments.models import BankLine, BankLineAssignment
from tests.registrations.invoices.factories import make_issuer, make_receivable
from tests.registrations.payments.test_bank import import_lines
from tests.site_objects import make_client

REFERENCES = ("POLARIS1", "POLARIS2", "POLARIS3")
ALL_PARTS = [f"{reference}:12000" for reference in REFERENCES]
INDEX = PayableIndex.build_index(
    [
        PayableItem("7KQ2M9XD", "Acme", 12_000, document_numbers=("F2027-000012",)),
        PayableItem("BH7Q7FAR", "Acme", 9_000),
        PayableItem("COTISATION 2027/3", "Acme", 5_000),
    ]
)


@pytest.mark.parametrize(
    ("text", "references", "unknown_word"),
    [
        ("BH7Q7FAR 7KQ2M9XD", ["BH7Q7FAR", "7KQ2M9XD"], ""),
        ("bh7q7far, 7kq2m9xd; bh7q7far", ["BH7Q7FAR", "7KQ2M9XD"], ""),
        (f"{format_creditor_reference('7KQ2M9XD')} BH7Q7FAR", ["7KQ2M9XD", "BH7Q7FAR"], ""),
        ("F2027-000012 COTISATION 2027/3", ["7KQ2M9XD", "COTISATION 2027/3"], ""),
        ("BH7Q7FAR ZZZZZZZZ 7KQ2M9XD", ["BH7Q7FAR", "7KQ2M9XD"], "ZZZZZZZZ"),
        ("RF99 7KQ2 M9XD", ["7KQ2M9XD"], "RF99"),
        ("", [], ""),
    ],
)
def test_typed_list_is_split_into_references(text, references, unknown_word):
    items, unknown = split_typed_references(text, INDEX)

    assert [item.reference for item in items] == references
    assert unknown == unknown_word


@pytest.fixture
def client(treasurer) -> Client:
    make_issuer()
    return make_client(treasurer)


@pytest.fixture
def line(client) -> BankLine:
    """Return a line of 300 euros from a company that owes three times 120 euros."""
    for reference in REFERENCES:
        make_receivable(name="Stockage Polaris", reference=reference)
    import_lines((30_000, "STOCKAGE POLARIS SAS", "MULTI", ""))
    return BankLine.objects.get()


def post(client: Client, line: BankLine, **data) -> tuple[str, list[str]]:
    """Post the form of the line's page in English; return the text that follows and what is assigned."""
    answer = client.post(f"/en{reverse('bank-line', args=[line.pk])}", data, follow=True)
    text = " ".join(html.fromstring(answer.content).find(".//main").text_content().split())
    assigned = BankLineAssignment.objects.filter(amount=12_000, reversal_refund=None)
    return text, list(assigned.values_list("receivable__reference", flat=True))


@pytest.mark.django_db
@pytest.mark.once
class TestChoice:
    """Ticked suggestions."""

    def test_page_has_a_box_for_each_amount_due(self, client, line):
        paid = make_receivable(name="Stockage Polaris", reference="POLARIS4")
        record_payment(receivable=paid, amount=12_000, method="cash")

        page = html.fromstring(client.get(reverse("bank-line", args=[line.pk])).content)

        boxes = page.xpath("//input[@type='checkbox' and @name='part' and @form='assign-chosen']/@value")
        assert boxes == ["POLARIS1:12000", "POLARIS2:12000", "POLARIS3:12000"]

    def test_ticked_amounts_are_assigned_and_the_rest_stays_on_the_page(self, client, line):
        text, assigned = post(client, line, chosen="1", part=["POLARIS1:12000", "POLARIS3:12000"])

        assert assigned == ["POLARIS1", "POLARIS3"]
        assert "€60.00 to assign" in text

    def test_more_than_the_line_has_is_refused(self, client, line):
        text, assigned = post(client, line, chosen="1", part=ALL_PARTS)

        assert assigned == []
        assert "These amounts come to €360.00, but only €300.00 of this line is left to assign." in text

    def test_refused_choice_stays_ticked(self, client, line):
        answer = client.post(reverse("bank-line", args=[line.pk]), {"chosen": "1", "part": ALL_PARTS})

        ticked = html.fromstring(answer.content).xpath("//input[@name='part'][@checked]/@value")
        assert ticked == ALL_PARTS

    def test_amount_that_has_changed_is_refused(self, client, line):
        changed = Receivable.objects.get(reference="POLARIS1")
        record_payment(receivable=changed, amount=2_000, method="cash")

        text, assigned = post(client, line, chosen="1", part=["POLARIS1:12000", "POLARIS2:12000"])

        assert assigned == []
        assert "The amounts due have changed." in text

    def test_nothing_ticked_asks_for_a_choice(self, client, line):
        text, assigned = post(client, line, chosen="1")

        assert assigned == []
        assert "Select at least one amount due." in text


@pytest.mark.django_db
@pytest.mark.once
class TestTypedReferences:
    """Several references in the field."""

    def test_typed_references_are_assigned_what_is_due(self, client, line):
        _text, assigned = post(client, line, reference="POLARIS1 polaris2", amount="240")

        assert assigned == ["POLARIS1", "POLARIS2"]

    def test_another_amount_is_refused_with_the_total(self, client, line):
        text, assigned = post(client, line, reference="POLARIS1 POLARIS2", amount="300")

        assert assigned == []
        assert "The balances due under these references come to €240.00." in text

    def test_unknown_reference_is_named(self, client, line):
        text, assigned = post(client, line, reference="POLARIS1 POLARIS9", amount="120")

        assert assigned == []
        assert "There is nothing due under the reference “POLARIS9”." in text

    def test_paid_reference_among_others_is_named(self, client, line):
        paid = Receivable.objects.get(reference="POLARIS1")
        record_payment(receivable=paid, amount=12_000, method="cash")

        text, assigned = post(client, line, reference="POLARIS1 POLARIS2", amount="120")

        assert assigned == []
        assert "Nothing is left to pay under “POLARIS1”." in text

    def test_creditor_reference_is_accepted(self, client, line):
        _text, assigned = post(client, line, reference=format_creditor_reference("POLARIS2"), amount="120")

        assert assigned == ["POLARIS2"]


@pytest.mark.django_db
@pytest.mark.once
class TestUndo:
    """All assignments of a line, undone together."""

    def test_one_button_undoes_all_assignments(self, client, line):
        assign_line_to_several(line=line, parts=[("POLARIS1", 12_000), ("POLARIS2", 12_000)])
        page = html.fromstring(client.get(reverse("bank-line", args=[line.pk])).content)
        [address] = page.xpath("//form[.//input[@id='undo-all']]/@action")

        answer = client.post(address, {"reason": "wrong company"})

        assert answer["Location"] == reverse("bank-line", args=[line.pk])
        assert BankLineAssignment.objects.filter(reversal_refund=None).count() == 0
        assert {row.amount_due for row in Receivable.objects.with_balance()} == {12_000}

    def test_undoing_all_needs_a_reason(self, client, line):
        assign_line_to_several(line=line, parts=[("POLARIS1", 12_000), ("POLARIS2", 12_000)])

        client.post(reverse("bank-line-undo-all", args=[line.pk]), {"reason": ""})

        assert BankLineAssignment.objects.filter(reversal_refund=None).count() == 2

    def test_nothing_is_undone_if_one_payment_was_refunded(self, line):
        assign_line_to_several(line=line, parts=[("POLARIS1", 12_000), ("POLARIS2", 12_000)])
        payment = Payment.objects.get(receivable__reference="POLARIS2")
        request_refund(payment=payment, amount=12_000, reason="x")

        with pytest.raises(InvalidAssignment):
            undo_assignments(line=line, reason="wrong company")

        assert BankLineAssignment.objects.filter(reversal_refund=None).count() == 2
