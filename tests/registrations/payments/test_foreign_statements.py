"""Bank statements in the formats of many banks: every line is read and stored exactly once."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from convention.errors import UnreadableFile
from convention.money import format_creditor_reference
from registrations.invoices.documents.issuing import issue_invoice
from registrations.invoices.ledger.payments import record_payout
from registrations.invoices.models import Payment, Receivable, Refund
from registrations.payments.bank.csv_reader import InvalidLines
from registrations.payments.bank.import_statement import import_statement
from registrations.payments.bank.matching import (
    BankLineFacts,
    MatchKind,
    PayableIndex,
    PayableItem,
    match_line,
)
from registrations.payments.bank.statement_files import read_statement
from registrations.payments.models import BankLine
from tests.registrations.invoices.conftest import make_issuer
from tests.registrations.payments.factories import get_balance_cents
from tests.registrations.payments.foreign_statements import (
    BANKS,
    make_details,
    make_document,
    make_entry,
    make_remittance,
    make_statement,
)
from tests.registrations.payments.statements import camt
from tests.registrations.payments.test_bank import DAY, list_match_kinds, place_invoice_order
from tests.workbooks import write_rows, xls, xlsx

pytestmark = pytest.mark.once

REFERENCE = "RF45 7KQ2 M9XD"


def read_entries(content: bytes) -> list[tuple[int, str, str]]:
    """Return cents, currency and all texts of each entry."""
    rows = read_statement("releve", content).entries
    return [
        (row.amount_cents, row.currency, f"{row.counterparty} {row.reference} {row.text}".strip())
        for row in rows
    ]


def import_content(content: bytes):
    return import_statement(file=read_statement("releve", content))


# --- tables ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("bank", BANKS)
def test_table_of_each_bank_is_read(bank, encoding):
    text = BANKS[bank].replace("\u202f", "\u00a0") if encoding == "cp1252" else BANKS[bank]
    first, second = read_entries(text.replace("\n", "\r\n").encode(encoding))

    assert first[:2] == (123_456, "EUR")
    assert second[:2] == (-1_200, "EUR")
    assert REFERENCE in first[2]
    assert "ACMÉ" in first[2]
    assert "COTISATION" in second[2]
    assert {row.booked_on.isoformat() for row in read_statement("r", text.encode()).entries} == {
        "2027-03-01",
        "2027-03-02",
    }


def test_workbook_with_lines_above_header_is_read():
    rows = [["Compte", "0123"], [], ["Date", "Libellé", "Montant"], ["01/03/2027", "VIR ACME", -12.5]]
    contents = [xlsx(lambda _book, sheet: write_rows(sheet, rows)), xls(rows)]

    assert [read_entries(content) for content in contents] == [[(-1_250, "EUR", "VIR ACME")]] * 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"%PDF-1.7 ...", "PDF"),
        (b"OFXHEADER:100\nDATA:OFXSGML", "OFX"),
        (b"\n:20:STARTUMS\n:25:1/2\n", "MT940"),
        (b"!Type:Bank\nD01/03/2027\nT12.00\n", "QIF"),
        (b"PK\x03\x04 an archive", "xlsx"),
        (b"01/03/2027;12,00;13,00;VIR ACME\n", "sont introuvables"),
        (b"01/03/2027;12,00;VIR ACME\nhier;12,00;VIR ACME\n", "sont introuvables"),
        (b"camt.05", "XML valide"),
    ],
)
def test_unsupported_file_error_names_its_format(content, words):
    with pytest.raises(UnreadableFile, match=words):
        read_statement("x", content)


@pytest.mark.parametrize("row", ["01/03/0027;1,00", "01/03/2207;1,00", ";1,00", "01/03/2027;12,3,4€x"])
def test_line_with_implausible_value_is_reported(row):
    with pytest.raises(InvalidLines) as refusal:
        read_statement("x", f"Date;Montant\n01/03/2027;1,00\n{row}".encode())
    assert [number for number, _sentence in refusal.value.rows] == [3]


# --- CAMT.053 ----------------------------------------------------------------------------------------------


def test_file_with_statements_of_two_accounts_is_read():
    other = "<Acct><Id><Othr><Id>000-77</Id></Othr></Id></Acct>"
    content = make_document(make_statement(make_entry("120.00")), make_statement(make_entry("120.00"), other))

    assert [one.account for one in read_statement("x", content).entries] == [
        "FR1420041010050500013M02606",
        "00077",
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("own", ["", "<AcctSvcrRef>NONREF</AcctSvcrRef>", "<AcctSvcrRef>AB12</AcctSvcrRef>"])
def test_equal_payments_on_one_day_are_all_stored_once(own):
    batch = make_details(*["<Refs><AcctSvcrRef>AB12</AcctSvcrRef></Refs><Amt Ccy='EUR'>120.00</Amt>"] * 2)
    content = make_document(make_statement(make_entry("120.00", own) * 2 + make_entry("240.00", own + batch)))

    assert import_content(content).known_count == 0
    assert BankLine.objects.count() == 4
    assert import_content(content).known_count == 4
    assert BankLine.objects.count() == 4


def test_pending_and_informational_entries_are_ignored():
    content = make_document(
        make_statement(make_entry("1.00", sts="PDNG") + make_entry("2.00", sts="INFO") + make_entry("3.00"))
    )
    assert [amount for amount, *_rest in read_entries(content)] == [300]


def test_batch_without_amounts_is_one_line_with_all_texts():
    content = make_document(
        make_statement(
            make_entry(
                "240.00", make_details(make_remittance("F2027-000001"), make_remittance("F2027-000002"))
            )
        )
    )
    assert read_entries(content) == [(24_000, "EUR", "F2027-000001 F2027-000002")]


def test_batch_in_other_currency_is_one_line_in_account_currency():
    parts = [
        "<Amt Ccy='USD'>130.00</Amt>" + make_remittance("a"),
        "<Amt Ccy='USD'>130.00</Amt>" + make_remittance("b"),
    ]
    assert read_entries(make_document(make_statement(make_entry("240.00", make_details(*parts))))) == [
        (24_000, "EUR", "a b")
    ]


def test_account_in_swiss_francs_keeps_its_currency():
    assert read_entries(make_document(make_statement(make_entry("12.00", ccy="CHF"))))[0][:2] == (
        1_200,
        "CHF",
    )


def test_reference_is_found_in_each_field():
    where = [
        make_remittance("RF45 7K", "Q2 M9XD"),
        "<Refs><EndToEndId>rf45 7kq2 m9xd</EndToEndId></Refs>",
        "<RmtInf><Strd><CdtrRefInf><Ref>RF457KQ2M9XD</Ref></CdtrRefInf></Strd></RmtInf>",
        "<RmtInf><Strd><AddtlRmtInf>RF45 7KQ2 M9XD</AddtlRmtInf></Strd></RmtInf>",
        "<RmtInf><Strd><RfrdDocInf><Nb>7KQ2M9XD</Nb></RfrdDocInf></Strd></RmtInf>",
        "<AddtlTxInf>RF45 7KQ2 M9XD</AddtlTxInf>",
    ]
    for part in where:
        [(_cents, _currency, words)] = read_entries(
            make_document(make_statement(make_entry("1.00", make_details(part))))
        )
        assert "7KQ2M9XD" in words.upper().replace(" ", "")


@pytest.mark.parametrize("sum_", ["1e30", "-1e-9", "Infinity", "12,00", ""])
def test_invalid_camt_amount_is_refused(sum_):
    with pytest.raises(UnreadableFile, match="pas de montant"):
        read_entries(make_document(make_statement(make_entry(sum_))))


def test_not_provided_end_to_end_id_is_ignored():
    parts = make_details("<Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>" + make_remittance("a"))
    assert read_entries(make_document(make_statement(make_entry("1.00", parts)))) == [(100, "EUR", "a")]


def test_document_in_utf16_is_read():
    content = make_document(
        make_statement(make_entry("1.00", make_details(make_remittance("Müller"))))
    ).decode()

    head = '<?xml version="1.0" encoding="UTF-16"?>'
    assert read_entries((head + content).encode("utf-16")) == [(100, "EUR", "Müller")]


# --- matching the lines ------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_transfer_equal_to_sum_of_two_orders_pays_both(event):
    one, other = place_invoice_order(event), place_invoice_order(event)
    names = [order.creditor_reference for order in (one, other)]
    refs = "".join(f"<Strd><CdtrRefInf><Ref>{name}</Ref></CdtrRefInf></Strd>" for name in names)

    content = make_document(make_statement(make_entry("240.00", make_details(f"<RmtInf>{refs}</RmtInf>"))))

    assert import_content(content).count_kinds(MatchKind.EXACT) == 1
    assert get_balance_cents(one) == (12_000, 12_000, 0)
    assert get_balance_cents(other) == (12_000, 12_000, 0)
    assert list_match_kinds() == []


@pytest.mark.django_db
def test_transfer_of_other_amount_is_split_by_treasurer(client, treasurer, event):
    one, other = place_invoice_order(event), place_invoice_order(event)
    import_content(camt((25_000, "Acme", f"{one.reference} + {other.reference}", "")))

    assert list_match_kinds() == ["several_references"]

    client.force_login(treasurer)
    address = f"/organize/money/bank/{BankLine.objects.get().pk}/"

    for _order in (one, other):
        form = client.get(address).context["form"]
        client.post(address, {name: form.initial[name] for name in ("reference", "amount")})

    assert get_balance_cents(one) == (12_000, 12_000, 0)
    assert get_balance_cents(other) == (12_000, 12_000, 0)
    assert list_match_kinds() == ["several_references"]


@pytest.mark.django_db
@pytest.mark.parametrize("cents", [12_000, 5_000])
def test_reversed_transfer_is_recorded_as_refund(event, cents):
    order = place_invoice_order(event)
    import_content(camt((12_000, "Acme", "", order.creditor_reference)))
    back = make_entry(
        f"{cents / 100:.2f}",
        "<RvslInd>true</RvslInd>" + make_details(make_remittance(order.reference)),
        direction="DBIT",
    )
    content = make_document(make_statement(back))

    for _time in range(2):
        import_content(content)
        assert get_balance_cents(order) == (12_000, 12_000, cents)

    assert [(row.amount, row.state) for row in Refund.objects.all()] == [(cents, "done")]


@pytest.mark.django_db
def test_outgoing_payment_to_supplier_is_not_a_refund(event):
    order = place_invoice_order(event)
    import_content(camt((-12_000, "Traiteur", f"Facture {order.reference}", "")))

    assert Refund.objects.count() == 0
    assert get_balance_cents(order) == (0, 0, 0)


@pytest.mark.django_db
@pytest.mark.parametrize(("party", "done"), [("Traiteur Martin", 0), ("Acme", 1)])
def test_outgoing_payment_with_invoice_number_is_refund_only_to_buyer(event, party, done):
    order = place_invoice_order(event)
    import_content(camt((12_000, "Acme", "", order.creditor_reference)))
    make_issuer()
    invoice = issue_invoice(receivable=Receivable.objects.get(reference=order.reference))

    import_content(camt((-5_000, party, f"Facture {invoice.number}", "")))

    assert Refund.objects.count() == done


@pytest.mark.parametrize(
    ("words", "party", "currency", "kind"),
    [
        ("7KQ2M9XD", "x", "EUR", MatchKind.RETURNED),
        ("7KQ2M9XD", "x", "USD", MatchKind.UNKNOWN),
        ("F2027-1", "x", "EUR", MatchKind.UNKNOWN),
        ("F2027-1", "ACME SA", "EUR", MatchKind.RETURNED),
        ("F2027-12", "ACME SA", "EUR", MatchKind.RETURNED),
    ],
)
def test_outgoing_line_is_matched_as_refund_only_if_unambiguous(words, party, currency, kind):
    items = [
        PayableItem(
            "7KQ2M9XD", "Acme", 0, document_numbers=("F2027-1",), was_paid=True, returnable_cents=12_000
        ),
        PayableItem(
            "8KQ2M9XD", "Acme", 0, document_numbers=("F2027-12",), was_paid=True, returnable_cents=12_000
        ),
    ]
    found = match_line(BankLineFacts(-12_000, words, party, DAY, currency), PayableIndex.build_index(items))

    assert found.kind == kind
    assert found.reference in ("", "8KQ2M9XD" if "12" in words else "7KQ2M9XD")


@pytest.mark.parametrize(
    ("state", "direction", "cents"),
    [
        *[("Processed", word, 1_200) for word in ("IN", "Entrant", "Crédit", "C", "Reçu", "")],
        *[("Processed", word, -1_200) for word in ("OUT", "Sortant", "Débit", "D", "Émis")],
        ("Processing", "IN", None),
    ],
)
def test_direction_column_gives_sign_of_amount(state, direction, cents):
    table = f"Date;Montant;Libellé;Statut;Direction\n01/03/2027;12,00;a;{state};{direction}\n"
    assert [row[0] for row in read_entries(table.encode())] == ([cents] if cents else [])


def test_unknown_direction_is_reported():
    with pytest.raises(InvalidLines) as refusal:
        read_entries("Date;Montant;Libellé;Sens\n01/03/2027;12,00;a;Neutre\n".encode())
    assert [(number, "Neutre" in sentence) for number, sentence in refusal.value.rows] == [(2, True)]


@pytest.mark.django_db
def test_negative_stripe_payout_is_matched():
    payout = record_payout(
        external_id="po_1", amount=-2_000, arrived_on=DAY, settled_amount=0, other_fees=2_000
    )
    import_content(camt((-2_000, "STRIPE", "STRIPE PAYOUT", "")))

    payout.refresh_from_db()
    assert BankLine.objects.get().payout == payout
    assert payout.bank_line == f"{DAY} STRIPE STRIPE PAYOUT"


@pytest.mark.django_db
def test_page_previews_and_imports_statement_once(client, treasurer, event):
    order = place_invoice_order(event)
    client.force_login(treasurer)
    # A past year, because lines of later days are not imported.
    text = BANKS["CREDIT_AGRICOLE"].replace("/2027", "/2026")
    text = text.replace(REFERENCE, format_creditor_reference(order.reference))

    for known in (0, 2):
        file = SimpleUploadedFile("CA.csv", text.encode("cp1252"))
        answer = client.post("/organize/money/bank/import/", {"file": file, "check": "1"})
        assert answer.context["preview"].known_count == known
        packed = {"checked": answer.context["form"].encoded_content, "name": "CA.csv"}
        assert client.post("/organize/money/bank/import/", packed).status_code == 302

    assert BankLine.objects.count() == 2
    assert Payment.objects.count() == 0
    assert list_match_kinds() == ["overpaid"]
