"""Read bank statements in CAMT.053 or CAMT.052 (ISO 20022), any version: one entry per transaction.

Only booked entries are read.
"""

import datetime
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

import stdnum.iban
from django.utils.translation import gettext as _
from lxml import etree

from convention.errors import UnreadableFile
from convention.money import compact_reference

from .csv_columns import parse_day
from .statement_lines import StatementEntry, StatementFile, number_duplicates

# The version at the end differs by bank; what is read here exists in all of them.
NAMESPACE_PATTERN = re.compile(r"urn:iso:std:iso:20022:tech:xsd:camt\.05[23]\.001\.\d\d")
MAX_ENTRIES = 50_000
MAX_AMOUNT_CENTS = 10**14
# Values that banks write into mandatory fields they leave empty.
PLACEHOLDER_TEXTS = frozenset({"", "NONREF", "NOTPROVIDED", "NOTAVAILABLE", "NONE"})


class InvalidEntry(ValueError):
    """An entry lacks its amount, direction or date."""


def is_camt(content: bytes) -> bool:
    """Return whether the file looks like CAMT."""
    # Only the beginning: the namespace is on the root element, and the file may be large.
    return b"camt.05" in content[:2000]


def read_camt_statement(name: str, content: bytes) -> StatementFile:
    """Return the entries of all statements in a file. Raise UnreadableFile."""
    root = _parse_document(name, content)
    statements = [*root.iter("Stmt"), *root.iter("Rpt")]
    try:
        entries = [
            replace(entry, account=account)
            for statement, account in zip(statements, map(_read_account, statements), strict=True)
            for node in statement.findall("Ntry")
            for entry in _read_entries(node)
        ]
    except (InvalidEntry, ArithmeticError, ValueError) as error:
        raise UnreadableFile(
            _("%(file)s: an entry has no amount or no date. Ask the bank for the statement again.")
            % {"file": name}
        ) from error
    if len(entries) > MAX_ENTRIES:
        raise UnreadableFile(_("%(file)s contains too many lines; import it in parts.") % {"file": name})
    return StatementFile(name, _read_account(statements[0]) if statements else "", number_duplicates(entries))


def _read_account(statement: etree._Element) -> str:
    return compact_reference(
        _find_text(statement, "Acct/Id/IBAN") or _find_text(statement, "Acct/Id/Othr/Id")
    )[:34]


def _parse_document(name: str, content: bytes) -> etree._Element:
    """Parse the XML without resolving entities or external references."""
    # The file is untrusted: no entities, no network, no huge documents.
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False
    )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise UnreadableFile(
            _("%(file)s is not valid XML (line %(line)d).") % {"file": name, "line": error.lineno or 0}
        ) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise UnreadableFile(
            _("%(file)s contains a document type declaration (DTD), which bank statements never have.")
            % {"file": name}
        )
    if not NAMESPACE_PATTERN.fullmatch(etree.QName(root).namespace or ""):
        raise UnreadableFile(_("%(file)s is not a CAMT.053 statement.") % {"file": name})
    # Namespaces are dropped: searching for names of any namespace takes ten times as long.
    for element in root.iter("{*}*"):
        element.tag = etree.QName(element).localname
    return root


def _read_entries(node: etree._Element) -> Iterator[StatementEntry]:
    """Yield an entry, or its transactions if their sum is the entry's amount.

    The direction is read from the entry as it is: for a reversal the bank gives the actual one.
    """
    status = node.find("Sts")
    # Pending entries may still vanish or change. Since version 8 the code is a child element.
    if status is not None and (_find_text(status, "Cd") or (status.text or "").strip()) not in {"BOOK", ""}:
        return
    entry = StatementEntry(
        _read_day(node),
        _read_signed_cents(node, node),
        _read_currency(node),
        bank_id=_read_bank_id(node),
        is_reversal=_find_text(node, "RvslInd") in {"true", "1"},
    )
    details = node.findall(".//TxDtls")
    positions = _index_positions(details)
    parts = [_read_transaction(entry, node, detail, positions[detail]) for detail in details]
    if (
        # Transactions are used only if they add up to the entry, to the cent.
        len(parts) > 1
        and all(parts)
        and sum(part.amount_cents for part in parts if part) == entry.amount_cents
    ):
        yield from (_add_details(part, [detail]) for part, detail in zip(parts, details, strict=True) if part)
    else:
        yield _add_details(entry, [*details, node])


def _index_positions(details: Sequence[etree._Element]) -> dict[etree._Element, int]:
    """Return each transaction's position in its parent, in linear time.

    `index()` of lxml would make it quadratic.
    """
    parents = dict.fromkeys(detail.getparent() for detail in details)
    return {child: index for parent in parents if parent is not None for index, child in enumerate(parent)}


def _read_transaction(
    parent_entry: StatementEntry, node: etree._Element, detail: etree._Element, position: int
) -> StatementEntry | None:
    """Return a transaction of an entry, or None without an amount in the entry's currency."""
    try:
        amount, currency = _read_signed_cents(detail, node), _read_currency(detail)
    except InvalidEntry:
        return None
    own_id = _read_bank_id(detail)
    # Some banks repeat the id of the entry in each of its transactions.
    if own_id == parent_entry.bank_id:
        own_id = ""
    bank_id = own_id or (f"{parent_entry.bank_id}/{position}" if parent_entry.bank_id else "")
    return (
        replace(parent_entry, amount_cents=amount, bank_id=bank_id)
        if currency == parent_entry.currency
        else None
    )


def _add_details(entry: StatementEntry, nodes: Sequence[etree._Element]) -> StatementEntry:
    """Return the entry with counterparty, reference and texts."""
    # The other party: the debtor of money received, the creditor of money sent.
    side = "Dbtr" if entry.amount_cents > 0 else "Cdtr"
    parties = dict.fromkeys(filter(None, (_read_party(node, side) for node in nodes)))
    ibans = {iban for node in nodes if (iban := _read_payer_iban(node))}
    references = [_find_texts(node, "RmtInf/Strd/CdtrRefInf/Ref") for node in nodes]
    return replace(
        entry,
        counterparty=", ".join(parties)[:200],
        # Of a sum from several payers none is the one to refund.
        payer_iban=ibans.pop() if entry.amount_cents > 0 and len(ibans) == 1 else "",
        reference=" ".join(word for words in references for word in words)[:140],
        text=" ".join(word for node in nodes for word in _list_texts(node))[:500],
    )


def _read_signed_cents(node: etree._Element, within: etree._Element) -> int:
    """Return cents, negative for a debit."""
    cents = Decimal(_find_amount(node).text or "") * 100
    direction = _find_text(node, "CdtDbtInd") or _find_text(within, "CdtDbtInd")
    # `Decimal` accepts NaN, Infinity and fractions of cents.
    if not cents.is_finite() or cents != cents.to_integral_value() or abs(cents) > MAX_AMOUNT_CENTS:
        raise InvalidEntry
    if direction not in {"CRDT", "DBIT"}:
        raise InvalidEntry
    return int(cents) if direction == "CRDT" else -int(cents)


def _find_amount(node: etree._Element) -> etree._Element:
    for path in ("Amt", "AmtDtls/TxAmt/Amt"):
        if (amount := node.find(path)) is not None and amount.text:
            return amount
    raise InvalidEntry


def _read_currency(node: etree._Element) -> str:
    return (_find_amount(node).get("Ccy") or "EUR").upper()[:3]


def _read_bank_id(node: etree._Element) -> str:
    """Return the bank's reference of the entry, or "" for a placeholder."""
    name = _find_text(node, "AcctSvcrRef") or _find_text(node, "Refs/AcctSvcrRef")
    # An id of zeros is a placeholder too; taken for an id, it would merge different entries.
    return "" if compact_reference(name).strip("0") in PLACEHOLDER_TEXTS else name


def _read_day(node: etree._Element) -> datetime.date:
    # The booking date is optional in the standard; some banks give the value date only.
    for path in ("BookgDt", "ValDt"):
        if text := _find_text(node, f"{path}/Dt") or _find_text(node, f"{path}/DtTm"):
            return parse_day(text[:10])
    raise InvalidEntry


def _read_party(detail: etree._Element, side: str) -> str:
    """Return the counterparty's name; since version 8 it is nested one level deeper."""
    for role in (side, f"Ultmt{side}"):
        for path in (f"RltdPties/{role}/Nm", f"RltdPties/{role}/Pty/Nm"):
            if name := _find_text(detail, path):
                return name
    return ""


def _read_payer_iban(detail: etree._Element) -> str:
    """Return the debtor's IBAN, or "" if there is none or it is not valid."""
    iban = compact_reference(_find_text(detail, "RltdPties/DbtrAcct/Id/IBAN"))
    # Without the country's own rules, whose list of banks is never complete.
    return iban if stdnum.iban.is_valid(iban, check_country=False) else ""


def _list_texts(detail: etree._Element) -> list[str]:
    """Return everything the payer wrote and the bank added, without placeholders."""
    paths = [
        "RmtInf/Ustrd",
        "RmtInf/Strd/RfrdDocInf/Nb",
        "RmtInf/Strd/AddtlRmtInf",
        "Refs/EndToEndId",
        "AddtlTxInf",
        "AddtlNtryInf",
    ]
    texts = [word for path in paths for word in _find_texts(detail, path)]
    return [word for word in texts if compact_reference(word) not in PLACEHOLDER_TEXTS]


def _find_texts(node: etree._Element, path: str) -> list[str]:
    return [" ".join((element.text or "").split()) for element in node.findall(path)]


def _find_text(node: etree._Element, path: str) -> str:
    return (node.findtext(path) or "").strip()
