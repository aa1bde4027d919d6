"""Bank statements of unknown banks: read completely, nothing twice, nothing lost."""

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
from tests.registrations.payments.factories import money
from tests.registrations.payments.foreign_statements import BANKS, details, document, entry, said, statement
from tests.registrations.payments.statements import camt
from tests.registrations.payments.test_bank import DAY, kinds, owed
from tests.workbooks import write_rows, xls, xlsx

pytestmark = pytest.mark.once

REFERENCE = "RF45 7KQ2 M9XD"


def told(content: bytes) -> list[tuple[int, str, str]]:
    """Return cents, currency and all texts of each entry."""
    rows = read_statement("releve", content).entries
    return [
        (row.amount_cents, row.currency, f"{row.counterparty} {row.reference} {row.text}".strip())
        for row in rows
    ]


def imported(content: bytes):
    return import_statement(file=read_statement("releve", content))


# --- tables ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("bank", BANKS)
def test_the_table_of_each_bank(bank, encoding):
    text = BANKS[bank].replace("\u202f", "\u00a0") if encoding == "cp1252" else BANKS[bank]
    first, second = told(text.replace("\n", "\r\n").encode(encoding))
    assert (first[:2], second[:2]) == ((123_456, "EUR"), (-1_200, "EUR"))
    assert REFERENCE in first[2]
    assert "ACMÉ" in first[2]
    assert "COTISATION" in second[2]
    assert {row.booked_on.isoformat() for row in read_statement("r", text.encode()).entries} == {
        "2027-03-01",
        "2027-03-02",
    }


def test_a_workbook_with_lines_above_its_header():
    rows = [["Compte", "0123"], [], ["Date", "Libellé", "Montant"], ["01/03/2027", "VIR ACME", -12.5]]
    contents = [xlsx(lambda _book, sheet: write_rows(sheet, rows)), xls(rows)]
    assert [told(content) for content in contents] == [[(-1_250, "EUR", "VIR ACME")]] * 2


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
def test_what_is_something_else_says_so(content, words):
    with pytest.raises(UnreadableFile, match=words):
        read_statement("x", content)


@pytest.mark.parametrize("row", ["01/03/0027;1,00", "01/03/2207;1,00", ";1,00", "01/03/2027;12,3,4€x"])
def test_a_line_beyond_reason_is_told(row):
    with pytest.raises(InvalidLines) as refusal:
        read_statement("x", f"Date;Montant\n01/03/2027;1,00\n{row}".encode())
    assert [number for number, _sentence in refusal.value.rows] == [3]


# --- CAMT.053 ----------------------------------------------------------------------------------------------


def test_statements_of_two_accounts_in_one_file():
    other = "<Acct><Id><Othr><Id>000-77</Id></Othr></Id></Acct>"
    content = document(statement(entry("120.00")), statement(entry("120.00"), other))
    assert [one.account for one in read_statement("x", content).entries] == [
        "FR1420041010050500013M02606",
        "00077",
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("own", ["", "<AcctSvcrRef>NONREF</AcctSvcrRef>", "<AcctSvcrRef>AB12</AcctSvcrRef>"])
def test_equal_payments_of_one_day_are_as_many_as_the_bank_says(own):
    batch = details(*["<Refs><AcctSvcrRef>AB12</AcctSvcrRef></Refs><Amt Ccy='EUR'>120.00</Amt>"] * 2)
    content = document(statement(entry("120.00", own) * 2 + entry("240.00", own + batch)))
    assert (imported(content).known_count, BankLine.objects.count()) == (0, 4)
    assert (imported(content).known_count, BankLine.objects.count()) == (4, 4)


def test_what_is_pending_or_only_told_is_no_money():
    content = document(statement(entry("1.00", sts="PDNG") + entry("2.00", sts="INFO") + entry("3.00")))
    assert [amount for amount, *_rest in told(content)] == [300]


def test_a_batch_without_sums_is_one_line_that_names_all():
    content = document(statement(entry("240.00", details(said("F2027-000001"), said("F2027-000002")))))
    assert told(content) == [(24_000, "EUR", "F2027-000001 F2027-000002")]


def test_a_batch_in_another_currency_is_one_line_of_the_account():
    parts = ["<Amt Ccy='USD'>130.00</Amt>" + said("a"), "<Amt Ccy='USD'>130.00</Amt>" + said("b")]
    assert told(document(statement(entry("240.00", details(*parts))))) == [(24_000, "EUR", "a b")]


def test_an_account_in_francs_keeps_its_currency():
    assert told(document(statement(entry("12.00", ccy="CHF"))))[0][:2] == (1_200, "CHF")


def test_a_reference_wherever_it_stands():
    where = [
        said("RF45 7K", "Q2 M9XD"),
        "<Refs><EndToEndId>rf45 7kq2 m9xd</EndToEndId></Refs>",
        "<RmtInf><Strd><CdtrRefInf><Ref>RF457KQ2M9XD</Ref></CdtrRefInf></Strd></RmtInf>",
        "<RmtInf><Strd><AddtlRmtInf>RF45 7KQ2 M9XD</AddtlRmtInf></Strd></RmtInf>",
        "<RmtInf><Strd><RfrdDocInf><Nb>7KQ2M9XD</Nb></RfrdDocInf></Strd></RmtInf>",
        "<AddtlTxInf>RF45 7KQ2 M9XD</AddtlTxInf>",
    ]
    for part in where:
        [(_cents, _currency, words)] = told(document(statement(entry("1.00", details(part)))))
        assert "7KQ2M9XD" in words.upper().replace(" ", "")


@pytest.mark.parametrize("sum_", ["1e30", "-1e-9", "Infinity", "12,00", ""])
def test_a_sum_beyond_reason_is_a_sentence(sum_):
    with pytest.raises(UnreadableFile, match="pas de montant"):
        told(document(statement(entry(sum_))))


def test_an_end_to_end_reference_that_is_none_is_no_word():
    parts = details("<Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>" + said("a"))
    assert told(document(statement(entry("1.00", parts)))) == [(100, "EUR", "a")]


def test_a_document_in_another_encoding():
    content = document(statement(entry("1.00", details(said("Müller"))))).decode()
    head = '<?xml version="1.0" encoding="UTF-16"?>'
    assert told((head + content).encode("utf-16")) == [(100, "EUR", "Müller")]


# --- what becomes of it ------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_one_transfer_that_is_the_sum_of_two_orders_pays_both(event):
    one, other = owed(event), owed(event)
    names = [order.creditor_reference for order in (one, other)]
    refs = "".join(f"<Strd><CdtrRefInf><Ref>{name}</Ref></CdtrRefInf></Strd>" for name in names)
    content = document(statement(entry("240.00", details(f"<RmtInf>{refs}</RmtInf>"))))
    assert imported(content).count_kinds(MatchKind.EXACT) == 1
    assert (money(one), money(other), kinds()) == ((12_000, 12_000, 0), (12_000, 12_000, 0), [])


@pytest.mark.django_db
def test_one_transfer_that_is_another_sum_is_parted_by_the_treasurer(client, treasurer, event):
    one, other = owed(event), owed(event)
    imported(camt((25_000, "Acme", f"{one.reference} + {other.reference}", "")))
    assert kinds() == ["several"]
    client.force_login(treasurer)
    address = f"/organize/money/bank/{BankLine.objects.get().pk}/"
    for _order in (one, other):
        form = client.get(address).context["form"]
        client.post(address, {name: form.initial[name] for name in ("reference", "amount")})
    assert (money(one), money(other)) == ((12_000, 12_000, 0), (12_000, 12_000, 0))
    assert kinds() == ["several"]


@pytest.mark.django_db
@pytest.mark.parametrize("cents", [12_000, 5_000])
def test_a_transfer_that_the_bank_took_back_is_owed_again(event, cents):
    order = owed(event)
    imported(camt((12_000, "Acme", "", order.creditor_reference)))
    back = entry(
        f"{cents / 100:.2f}", "<RvslInd>true</RvslInd>" + details(said(order.reference)), direction="DBIT"
    )
    content = document(statement(back))
    for _time in range(2):
        imported(content)
        assert money(order) == (12_000, 12_000, cents)
    assert [(row.amount, row.state) for row in Refund.objects.all()] == [(cents, "done")]


@pytest.mark.django_db
def test_money_that_left_for_something_else_stays_what_it_is(event):
    order = owed(event)
    imported(camt((-12_000, "Traiteur", f"Facture {order.reference}", "")))
    assert (Refund.objects.count(), money(order)) == (0, (0, 0, 0))


@pytest.mark.django_db
@pytest.mark.parametrize(("party", "done"), [("Traiteur Martin", 0), ("Acme", 1)])
def test_a_suppliers_invoice_with_the_number_of_ours_gives_nothing_back(event, party, done):
    order = owed(event)
    imported(camt((12_000, "Acme", "", order.creditor_reference)))
    make_issuer()
    invoice = issue_invoice(receivable=Receivable.objects.get(reference=order.reference))
    imported(camt((-5_000, party, f"Facture {invoice.number}", "")))
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
def test_what_left_was_given_back_only_beyond_doubt(words, party, currency, kind):
    items = [
        PayableItem(
            "7KQ2M9XD", "Acme", 0, invoice_numbers=("F2027-1",), was_paid=True, returnable_cents=12_000
        ),
        PayableItem(
            "8KQ2M9XD", "Acme", 0, invoice_numbers=("F2027-12",), was_paid=True, returnable_cents=12_000
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
def test_the_word_for_the_direction_gives_the_sign(state, direction, cents):
    table = f"Date;Montant;Libellé;Statut;Direction\n01/03/2027;12,00;a;{state};{direction}\n"
    assert [row[0] for row in told(table.encode())] == ([cents] if cents else [])


def test_a_word_for_the_direction_that_nobody_knows_is_told():
    with pytest.raises(InvalidLines) as refusal:
        told("Date;Montant;Libellé;Sens\n01/03/2027;12,00;a;Neutre\n".encode())
    assert [(number, "Neutre" in sentence) for number, sentence in refusal.value.rows] == [(2, True)]


@pytest.mark.django_db
def test_a_sum_that_stripe_took_is_matched():
    payout = record_payout(
        external_id="po_1", amount=-2_000, arrived_on=DAY, settled_amount=0, other_fees=2_000
    )
    imported(camt((-2_000, "STRIPE", "STRIPE PAYOUT", "")))
    payout.refresh_from_db()
    assert (BankLine.objects.get().payout, payout.bank_line) == (payout, "2027-03-01 STRIPE STRIPE PAYOUT")


@pytest.mark.django_db
def test_by_the_page_a_file_of_a_stranger_is_checked_imported_and_known(client, treasurer, event):
    order = owed(event)
    client.force_login(treasurer)
    text = BANKS["CREDIT_AGRICOLE"].replace(REFERENCE, format_creditor_reference(order.reference))
    for known in (0, 2):
        file = SimpleUploadedFile("CA.csv", text.encode("cp1252"))
        answer = client.post("/organize/money/bank/import/", {"file": file, "check": "1"})
        assert answer.context["preview"].known_count == known
        packed = {"checked": answer.context["form"].encoded_content, "name": "CA.csv"}
        assert client.post("/organize/money/bank/import/", packed).status_code == 302
    assert (BankLine.objects.count(), Payment.objects.count(), kinds()) == (2, 0, ["too_much"])
