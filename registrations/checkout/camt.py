"""Read a statement in CAMT.053 (ISO 20022), any version: booked entries, one line for each transaction."""

import datetime
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from django.utils.translation import gettext as _
from lxml import etree

from convention.creditor_reference import squeezed
from convention.errors import Unreadable

from .bank_cells import day_of
from .bank_rows import Entry, File, numbered

SPACE = re.compile(r"urn:iso:std:iso:20022:tech:xsd:camt\.05[23]\.001\.\d\d")
MOST_ENTRIES = 50_000
MOST_CENTS = 10**14
NO_NAMES = frozenset({"", "NONREF", "NOTPROVIDED", "NOTAVAILABLE", "NONE"})
"""What banks write where there is nothing to say."""


class BadEntry(ValueError):
    """An entry lacks what each must have."""


def is_camt(content: bytes) -> bool:
    """Whether a file looks like it."""
    return b"camt.05" in content[:2000]


def read_camt(name: str, content: bytes) -> File:
    """What the statement says, or several of them one after the other. Raises Unreadable."""
    root = _parsed(name, content)
    statements = [*root.iter("Stmt"), *root.iter("Rpt")]
    try:
        entries = [
            replace(entry, account=account)
            for statement, account in zip(statements, map(_account, statements), strict=True)
            for node in statement.findall("Ntry")
            for entry in _entries(node)
        ]
    except (BadEntry, ArithmeticError, ValueError) as error:
        raise Unreadable(
            _("%(file)s: an entry has no amount or no date; ask the bank for the statement again.")
            % {"file": name}
        ) from error
    if len(entries) > MOST_ENTRIES:
        raise Unreadable(_("%(file)s holds too many lines; import it in parts.") % {"file": name})
    return File(name, _account(statements[0]) if statements else "", numbered(entries))


def _account(statement: etree._Element) -> str:
    """The account that a statement is of."""
    return squeezed(_text(statement, "Acct/Id/IBAN") or _text(statement, "Acct/Id/Othr/Id"))[:34]


def _parsed(name: str, content: bytes) -> etree._Element:
    """The document, read without following anything that it names."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False
    )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise Unreadable(
            _("%(file)s is no valid XML (line %(line)d).") % {"file": name, "line": error.lineno or 0}
        ) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise Unreadable(
            _("%(file)s declares a document type; a bank’s statement has none.") % {"file": name}
        )
    if not SPACE.fullmatch(etree.QName(root).namespace or ""):
        raise Unreadable(_("%(file)s is no statement in the format CAMT.053.") % {"file": name})
    for element in root.iter("{*}*"):  # to look for names of any namespace takes ten times as long
        element.tag = etree.QName(element).localname
    return root


def _entries(node: etree._Element) -> Iterator[Entry]:
    """A booked entry as one line; as one for each transaction where these add up to it.

    A reversal says itself in which direction it moved.
    """
    status = node.find("Sts")
    if status is not None and (_text(status, "Cd") or (status.text or "").strip()) not in {"BOOK", ""}:
        return
    whole = Entry(_day(node), _signed(node, node), _currency(node), bank_id=_bank_id(node))
    details = node.findall(".//TxDtls")
    places = _places(details)
    parts = [_part(whole, node, detail, places[detail]) for detail in details]
    if len(parts) > 1 and all(parts) and sum(part.amount for part in parts if part) == whole.amount:
        yield from (_told(part, [detail]) for part, detail in zip(parts, details, strict=True) if part)
    else:
        yield _told(whole, [*details, node])


def _places(details: Sequence[etree._Element]) -> dict[etree._Element, int]:
    """The position of each transaction in what it stands in; to ask lxml for each would take the square."""
    parents = dict.fromkeys(detail.getparent() for detail in details)
    return {child: place for parent in parents if parent is not None for place, child in enumerate(parent)}


def _part(whole: Entry, node: etree._Element, detail: etree._Element, place: int) -> Entry | None:
    """One transaction of an entry; None where the bank does not say how much it is, in the same currency."""
    try:
        amount, currency = _signed(detail, node), _currency(detail)
    except BadEntry:
        return None
    own = _bank_id(detail)
    if own == whole.bank_id:  # some banks say it of each again
        own = ""
    bank_id = own or (f"{whole.bank_id}/{place}" if whole.bank_id else "")
    return replace(whole, amount=amount, bank_id=bank_id) if currency == whole.currency else None


def _told(entry: Entry, nodes: Sequence[etree._Element]) -> Entry:
    """The line with all that is said of it: by whom, for what, under which references."""
    side = "Dbtr" if entry.amount > 0 else "Cdtr"
    parties = dict.fromkeys(filter(None, (_party(node, side) for node in nodes)))
    references = [_found(node, "RmtInf/Strd/CdtrRefInf/Ref") for node in nodes]
    return replace(
        entry,
        party=", ".join(parties)[:200],
        reference=" ".join(word for words in references for word in words)[:140],
        text=" ".join(word for node in nodes for word in _words(node))[:500],
    )


def _signed(node: etree._Element, within: etree._Element) -> int:
    """Cents, below zero where money left."""
    cents = Decimal(_amount(node).text or "") * 100
    direction = _text(node, "CdtDbtInd") or _text(within, "CdtDbtInd")
    if not cents.is_finite() or cents != cents.to_integral_value() or abs(cents) > MOST_CENTS:
        raise BadEntry
    if direction not in {"CRDT", "DBIT"}:
        raise BadEntry
    return int(cents) if direction == "CRDT" else -int(cents)


def _amount(node: etree._Element) -> etree._Element:
    for path in ("Amt", "AmtDtls/TxAmt/Amt"):
        if (found := node.find(path)) is not None and found.text:
            return found
    raise BadEntry


def _currency(node: etree._Element) -> str:
    return (_amount(node).get("Ccy") or "EUR").upper()[:3]


def _bank_id(node: etree._Element) -> str:
    """The bank's own name for it, if it is one."""
    name = _text(node, "AcctSvcrRef") or _text(node, "Refs/AcctSvcrRef")
    return "" if squeezed(name).strip("0") in NO_NAMES else name


def _day(node: etree._Element) -> datetime.date:
    for path in ("BookgDt", "ValDt"):
        if said := _text(node, f"{path}/Dt") or _text(node, f"{path}/DtTm"):
            return day_of(said[:10])
    raise BadEntry


def _party(detail: etree._Element, side: str) -> str:
    """The other side's name; from version 8 on it stands one step deeper."""
    for who in (side, f"Ultmt{side}"):
        for path in (f"RltdPties/{who}/Nm", f"RltdPties/{who}/Pty/Nm"):
            if name := _text(detail, path):
                return name
    return ""


def _words(detail: etree._Element) -> list[str]:
    """All that the payer wrote, and what the bank adds."""
    paths = [
        "RmtInf/Ustrd",
        "RmtInf/Strd/RfrdDocInf/Nb",
        "RmtInf/Strd/AddtlRmtInf",
        "Refs/EndToEndId",
        "AddtlTxInf",
        "AddtlNtryInf",
    ]
    said = [word for path in paths for word in _found(detail, path)]
    return [word for word in said if squeezed(word) not in NO_NAMES]


def _found(node: etree._Element, path: str) -> list[str]:
    """Each text at a place, in one line."""
    return [" ".join((one.text or "").split()) for one in node.findall(path)]


def _text(node: etree._Element, path: str) -> str:
    return (node.findtext(path) or "").strip()
