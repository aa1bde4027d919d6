"""The SEPA file for the bank, read back by the parser of the standard library."""

import datetime
import re
from xml.etree import ElementTree

import pytest

from registrations.payments.refunds.credit_transfers import (
    BankAccount,
    CreditTransfer,
    clean_name,
    clean_reference,
    render_credit_transfers,
)

NAMESPACES = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"}
CLUB = BankAccount("Club des infrastructures", "FR1420041010050500013M02606", "PSSTFRPP")
ACME = BankAccount("Acme SA", "BE68539007547034")
PAYMENT_CHILDREN = [
    "PmtInfId", "PmtMtd", "BtchBookg", "NbOfTxs", "CtrlSum", "PmtTpInf", "ReqdExctnDt", "Dbtr", "DbtrAcct",
    "DbtrAgt", "ChrgBr",
]  # fmt: skip


def make_transfer(number: int = 1, **fields) -> CreditTransfer:
    values = {
        "reference": f"ORDER00{number}-R{number}",
        "cents": 1_000 * number + 5,
        "creditor": ACME,
        "remittance_text": f"Refund ORDER00{number} The Convention",
    }
    return CreditTransfer(**{**values, **fields})


def render(*transfers: CreditTransfer, debtor: BankAccount = CLUB) -> ElementTree.Element:
    content = render_credit_transfers(
        transfers,
        debtor=debtor,
        message_id="REFUNDS-20261201-0a1b2c3d",
        created_at=datetime.datetime(2026, 12, 1, 14, 30, 15, 999, tzinfo=datetime.UTC),
        execute_on=datetime.date(2026, 12, 2),
    )
    return ElementTree.fromstring(content)


def read_texts(root: ElementTree.Element, path: str) -> list[str | None]:
    return [node.text for node in root.findall(path, NAMESPACES)]


def list_child_names(node: ElementTree.Element) -> list[str]:
    return [child.tag.partition("}")[2] for child in node]


def test_file_names_the_club_as_initiating_party_and_debtor():
    root = render(make_transfer())

    assert read_texts(root, ".//p:InitgPty/p:Nm") == ["Club des infrastructures"]
    assert read_texts(root, ".//p:Dbtr/p:Nm") == ["Club des infrastructures"]
    assert read_texts(root, ".//p:DbtrAcct/p:Id/p:IBAN") == ["FR1420041010050500013M02606"]
    assert read_texts(root, ".//p:DbtrAgt/p:FinInstnId/p:BICFI") == ["PSSTFRPP"]


def test_all_transfers_are_in_one_payment_with_their_number_and_sum():
    root = render(make_transfer(1), make_transfer(2), make_transfer(3))

    assert len(root.findall(".//p:PmtInf", NAMESPACES)) == 1
    assert read_texts(root, ".//p:NbOfTxs") == ["3", "3"]
    assert read_texts(root, ".//p:CtrlSum") == ["60.15", "60.15"]
    assert read_texts(root, ".//p:InstdAmt") == ["10.05", "20.05", "30.05"]


def test_elements_are_in_the_order_of_the_schema():
    root = render(make_transfer())

    assert list_child_names(root.find(".//p:GrpHdr", NAMESPACES)) == [
        "MsgId", "CreDtTm", "NbOfTxs", "CtrlSum", "InitgPty",
    ]  # fmt: skip
    assert list_child_names(root.find(".//p:PmtInf", NAMESPACES)) == [*PAYMENT_CHILDREN, "CdtTrfTxInf"]
    assert list_child_names(root.find(".//p:CdtTrfTxInf", NAMESPACES)) == [
        "PmtId", "Amt", "Cdtr", "CdtrAcct", "RmtInf",
    ]  # fmt: skip


def test_transfer_has_amount_creditor_and_references():
    root = render(make_transfer())

    [amount] = root.findall(".//p:InstdAmt", NAMESPACES)
    assert amount.attrib == {"Ccy": "EUR"}
    assert read_texts(root, ".//p:EndToEndId") == ["ORDER001-R1"]
    assert read_texts(root, ".//p:Cdtr/p:Nm") == ["Acme SA"]
    assert read_texts(root, ".//p:CdtrAcct/p:Id/p:IBAN") == ["BE68539007547034"]
    assert read_texts(root, ".//p:RmtInf/p:Ustrd") == ["Refund ORDER001 The Convention"]


def test_transfer_is_a_sepa_transfer_that_is_booked_by_itself():
    root = render(make_transfer())

    assert read_texts(root, ".//p:PmtMtd") == ["TRF"]
    assert read_texts(root, ".//p:SvcLvl/p:Cd") == ["SEPA"]
    assert read_texts(root, ".//p:ChrgBr") == ["SLEV"]
    assert read_texts(root, ".//p:BtchBookg") == ["false"]
    assert read_texts(root, ".//p:ReqdExctnDt/p:Dt") == ["2026-12-02"]


def test_moment_of_creation_has_whole_seconds():
    root = render(make_transfer())

    assert read_texts(root, ".//p:CreDtTm") == ["2026-12-01T14:30:15+00:00"]


def test_bank_without_a_bic_is_not_provided():
    root = render(make_transfer(), debtor=BankAccount("Club", CLUB.iban))

    assert read_texts(root, ".//p:DbtrAgt/p:FinInstnId/p:Othr/p:Id") == ["NOTPROVIDED"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Société Générale & Fils", "Societe Generale + Fils"),
        ("Œuvre d’Ægir Straße", "OEuvre d'AEgir Strasse"),
        ("Łódź\tØre  <b>", "Lodz Ore b"),
        ("株式会社", "NOTPROVIDED"),
        ("x" * 80, "x" * 70),
    ],
)
def test_names_have_the_letters_that_every_bank_accepts(name, expected):
    assert clean_name(name) == expected


@pytest.mark.parametrize(("reference", "expected"), [("/A//B/", "A/B"), ("x" * 40, "x" * 35)])
def test_references_follow_the_rules_of_sepa(reference, expected):
    assert clean_reference(reference) == expected


def test_long_remittance_text_is_cut():
    root = render(make_transfer(remittance_text="é" * 200))

    [text] = read_texts(root, ".//p:Ustrd")
    assert re.fullmatch("e{140}", text or "")
