"""SEPA credit transfers as ISO 20022 XML (pain.001.001.09), which every bank in the SEPA area can import.

The texts follow the EPC's implementation guidelines: Latin letters without accents, names of 70 characters,
references of 35 and remittance texts of 140.
"""

import datetime
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from lxml import etree

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
MAX_NAME_LENGTH: Final = 70
MAX_REFERENCE_LENGTH: Final = 35
MAX_REMITTANCE_LENGTH: Final = 140
# Countries of IBANs that a SEPA credit transfer reaches (EPC409-09); Jersey, for instance, uses GB.
SEPA_COUNTRIES: Final = frozenset(
    "AD AL AT BE BG CH CY CZ DE DK EE ES FI FR GB GI GR HR HU IE IS IT LI LT LU LV MC MD ME MK MT NL NO PL"
    " PT RO RS SE SI SK SM VA".split()
)
# Letters and signs that do not decompose into plain ones.
PLAIN_CHARACTERS: Final = str.maketrans(
    {
        "ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L",
        "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "TH", "ı": "i",
        "&": "+", "_": "-", "–": "-", "—": "-", "’": "'",
    }
)  # fmt: skip
FORBIDDEN_PATTERN: Final = re.compile(r"[^A-Za-z0-9/\-?:().,'+ ]+")

type XmlNode = tuple[str, str | Sequence[XmlNode]]


@dataclass(frozen=True)
class BankAccount:
    """Account with its holder; the BIC may be empty."""

    holder: str
    iban: str
    bic: str = ""


@dataclass(frozen=True)
class CreditTransfer:
    """Transfer to make: amount in euro cents, creditor, and the texts that creditor and statement show."""

    reference: str
    cents: int
    creditor: BankAccount
    remittance_text: str


def render_credit_transfers(
    transfers: Sequence[CreditTransfer],
    *,
    debtor: BankAccount,
    message_id: str,
    created_at: datetime.datetime,
    execute_on: datetime.date,
) -> bytes:
    """Return the file with all transfers in one payment, each booked on its own line of the statement."""
    count, total = str(len(transfers)), format_amount(sum(transfer.cents for transfer in transfers))
    group_header: list[XmlNode] = [
        ("MsgId", clean_reference(message_id)),
        ("CreDtTm", created_at.isoformat(timespec="seconds")),
        ("NbOfTxs", count),
        ("CtrlSum", total),
        ("InitgPty", [("Nm", clean_name(debtor.holder))]),
    ]
    payment: list[XmlNode] = [
        ("PmtInfId", clean_reference(message_id)),
        ("PmtMtd", "TRF"),
        # One debit for each refund: the import of the statement recognizes single refunds only.
        ("BtchBookg", "false"),
        ("NbOfTxs", count),
        ("CtrlSum", total),
        ("PmtTpInf", [("SvcLvl", [("Cd", "SEPA")])]),
        ("ReqdExctnDt", [("Dt", execute_on.isoformat())]),
        ("Dbtr", [("Nm", clean_name(debtor.holder))]),
        ("DbtrAcct", build_account(debtor)),
        ("DbtrAgt", [("FinInstnId", build_bank_id(debtor))]),
        ("ChrgBr", "SLEV"),
        *(("CdtTrfTxInf", build_transfer(transfer)) for transfer in transfers),
    ]
    # The default namespace has no prefix, which the stubs of lxml do not know.
    nsmap: dict[Any, str] = {None: NAMESPACE}
    root = etree.Element(f"{{{NAMESPACE}}}Document", nsmap=nsmap)
    append_nodes(root, [("CstmrCdtTrfInitn", [("GrpHdr", group_header), ("PmtInf", payment)])])
    for amount in root.iter(f"{{{NAMESPACE}}}InstdAmt"):
        amount.set("Ccy", "EUR")
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True))


def build_transfer(transfer: CreditTransfer) -> list[XmlNode]:
    remittance_text = clean_text(transfer.remittance_text)[:MAX_REMITTANCE_LENGTH].rstrip()
    return [
        ("PmtId", [("EndToEndId", clean_reference(transfer.reference))]),
        ("Amt", [("InstdAmt", format_amount(transfer.cents))]),
        ("Cdtr", [("Nm", clean_name(transfer.creditor.holder))]),
        ("CdtrAcct", build_account(transfer.creditor)),
        ("RmtInf", [("Ustrd", remittance_text)]),
    ]


def build_account(account: BankAccount) -> list[XmlNode]:
    return [("Id", [("IBAN", account.iban)])]


def build_bank_id(account: BankAccount) -> list[XmlNode]:
    """Return the BIC, or the value by which the bank is to derive it from the IBAN."""
    return [("BICFI", account.bic)] if account.bic else [("Othr", [("Id", "NOTPROVIDED")])]


def append_nodes(parent: Any, nodes: Sequence[XmlNode]) -> None:
    for name, content in nodes:
        child = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
        if isinstance(content, str):
            child.text = content
        else:
            append_nodes(child, content)


def format_amount(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


def clean_name(name: str) -> str:
    """Return a name as banks accept it; NOTPROVIDED for one without any Latin letter."""
    return clean_text(name)[:MAX_NAME_LENGTH].rstrip() or "NOTPROVIDED"


def clean_reference(reference: str) -> str:
    """Return a reference as banks accept it: without slashes at its ends, or two in a row."""
    return re.sub("/+", "/", clean_text(reference)[:MAX_REFERENCE_LENGTH]).strip("/ ")


def clean_text(text: str) -> str:
    """Return the text in the Latin characters that every SEPA bank accepts."""
    decomposed = unicodedata.normalize("NFKD", text.translate(PLAIN_CHARACTERS))
    plain = "".join(character for character in decomposed if not unicodedata.combining(character))
    return " ".join(FORBIDDEN_PATTERN.sub(" ", plain).split())
