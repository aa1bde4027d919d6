"""Bank statements as banks export them."""

from django.utils import timezone

# Lines of later days are not imported, so that a fixed day would be in the future or long ago.
BOOKED_ON = timezone.localdate()
ACCOUNT = "FR1420041010050500013M02606"


def camt(*lines, version="02", together=False, pending=False) -> bytes:
    """Return a CAMT.053; each line is (cents, counterparty, text, structured reference).

    `together` puts all in one entry; `pending` adds an entry that is not booked.
    """
    deep = int(version) >= 4
    details = [(amount, _details(deep, *line)) for amount, *line in [(line[0], *line) for line in lines]]
    if together:
        total = sum(amount for amount, _detail in details)
        entries = _entry(total, "".join(detail for _amount, detail in details), deep)
    else:
        entries = "".join(_entry(amount, detail, deep) for amount, detail in details)
    if pending:
        entries += _entry(999, "", deep, status="PDNG")
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}"><BkToCstmrStmt>
<GrpHdr><MsgId>1</MsgId></GrpHdr><Stmt><Id>1</Id><Acct><Id><IBAN>{ACCOUNT}</IBAN></Id></Acct>
{entries}</Stmt></BkToCstmrStmt></Document>""".encode()


def _entry(amount: int, details: str, deep: bool, status: str = "BOOK") -> str:
    sts = f"<Sts><Cd>{status}</Cd></Sts>" if deep else f"<Sts>{status}</Sts>"
    return (
        f'<Ntry><Amt Ccy="EUR">{abs(amount) / 100:.2f}</Amt>'
        f"<CdtDbtInd>{'CRDT' if amount > 0 else 'DBIT'}</CdtDbtInd>{sts}"
        f"<BookgDt><Dt>{BOOKED_ON}</Dt></BookgDt><NtryDtls>{details}</NtryDtls></Ntry>"
    )


def _details(deep: bool, amount: int, party: str, text: str, reference: str) -> str:
    side = "Dbtr" if amount > 0 else "Cdtr"
    name = f"<Pty><Nm>{party}</Nm></Pty>" if deep else f"<Nm>{party}</Nm>"
    said = f"<Ustrd>{text}</Ustrd>" if text else ""
    if reference:
        said += f"<Strd><CdtrRefInf><Ref>{reference}</Ref></CdtrRefInf></Strd>"
    return (
        "<TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>"
        f'<Amt Ccy="EUR">{abs(amount) / 100:.2f}</Amt>'
        f"<RltdPties><{side}>{name}</{side}></RltdPties><RmtInf>{said}</RmtInf></TxDtls>"
    )


def csv_file(*lines: str) -> bytes:
    """Return lines encoded as French banks do."""
    return "\r\n".join(lines).encode("cp1252")
