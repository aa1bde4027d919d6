"""Read a statement in CAMT.053 (ISO 20022), any version: booked entries, one line for each transaction."""

import datetime
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _
from lxml import etree

from convention.errors import Unreadable

from .bank_rows import Entry, File, numbered

SPACE = re.compile(r"urn:iso:std:iso:20022:tech:xsd:camt\.05[23]\.001\.\d\d")
MOST_ENTRIES = 50_000


class BadEntry(ValueError):
    """An entry lacks what each must have."""


def is_camt(content: bytes) -> bool:
    """Whether a file looks like it."""
    return b"camt.05" in content[:2000]


def read_camt(name: str, content: bytes) -> File:
    """What the statement says. Raises Unreadable."""
    root = _parsed(name, content)
    account = root.findtext(".//{*}Stmt/{*}Acct/{*}Id/{*}IBAN") or ""
    try:
        entries = [entry for node in root.iter("{*}Ntry") for entry in _entries(node)]
    except (BadEntry, InvalidOperation, ValueError) as error:
        raise Unreadable(
            _("%(file)s: an entry has no amount or no date; ask the bank for the statement again.")
            % {"file": name}
        ) from error
    if len(entries) > MOST_ENTRIES:
        raise Unreadable(_("%(file)s holds too many lines; import it in parts.") % {"file": name})
    return File(name, account, numbered(entries))


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
    return root


def _entries(node: etree._Element) -> Iterator[Entry]:
    """One line for each transaction of a booked entry; a reversal has the opposite sign."""
    status = node.find("{*}Sts")
    if status is not None and (_text(status, "Cd") or (status.text or "").strip()) not in {"BOOK", ""}:
        return
    day = _day(node)
    own_id = _text(node, "AcctSvcrRef") or _text(node, "NtryRef")
    details = node.findall(".//{*}TxDtls")
    if len(details) < 2:
        yield _entry(node, details[0] if details else node, day, own_id)
        return
    for number, detail in enumerate(details, start=1):
        bank_id = _text(detail, "Refs/{*}AcctSvcrRef") or (f"{own_id}/{number}" if own_id else "")
        yield _entry(detail, detail, day, bank_id, within=node)


def _entry(
    amounts: etree._Element,
    detail: etree._Element,
    day: datetime.date,
    bank_id: str,
    within: etree._Element | None = None,
) -> Entry:
    amount, currency = _amount(amounts)
    sign = _text(detail, "CdtDbtInd") or _text(amounts if within is None else within, "CdtDbtInd")
    if sign not in {"CRDT", "DBIT"}:
        raise BadEntry
    side = "Dbtr" if sign == "CRDT" else "Cdtr"
    return Entry(
        booked_on=day,
        amount=amount if sign == "CRDT" else -amount,
        currency=currency,
        party=_party(detail, side)[:200],
        text=_words(detail)[:500],
        reference=_text(detail, "RmtInf/{*}Strd/{*}CdtrRefInf/{*}Ref")[:140],
        bank_id=bank_id,
    )


def _amount(node: etree._Element) -> tuple[int, str]:
    found = node.find("{*}Amt")
    if found is None:
        found = node.find("{*}AmtDtls/{*}TxAmt/{*}Amt")
    if found is None or not found.text:
        raise BadEntry
    cents = Decimal(found.text.strip()) * 100
    if not cents.is_finite() or cents != cents.to_integral_value():
        raise BadEntry
    return int(cents), found.get("Ccy", "EUR")


def _day(node: etree._Element) -> datetime.date:
    for path in ("BookgDt", "ValDt"):
        said = _text(node, f"{path}/{{*}}Dt") or _text(node, f"{path}/{{*}}DtTm")
        if said:
            return datetime.date.fromisoformat(said[:10])
    raise BadEntry


def _party(detail: etree._Element, side: str) -> str:
    """The other side's name; from version 4 on it stands one step deeper."""
    for path in (f"RltdPties/{{*}}{side}/{{*}}Nm", f"RltdPties/{{*}}{side}/{{*}}Pty/{{*}}Nm"):
        if name := _text(detail, path):
            return name
    return ""


def _words(detail: etree._Element) -> str:
    """All that the payer wrote, and what the bank adds."""
    said = [node.text or "" for node in detail.findall("{*}RmtInf/{*}Ustrd")]
    said += [
        _text(detail, "Refs/{*}EndToEndId"),
        _text(detail, "AddtlTxInf"),
        _text(detail, "AddtlNtryInf"),
    ]
    return " ".join(word.strip() for word in said if word and word != "NOTPROVIDED")


def _text(node: etree._Element, path: str) -> str:
    found = node.findtext(path if path.startswith("{") else f"{{*}}{path}")
    return (found or "").strip()
