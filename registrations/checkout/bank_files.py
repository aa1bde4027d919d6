"""Read a file of the bank, CAMT.053 or a table, by its content."""

import codecs
import re
from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext as _

from convention.errors import Unreadable
from convention.parsing.process import parse
from convention.tables import decode

from .bank_csv import read_bank_csv
from .bank_rows import File
from .camt import is_camt, read_camt

OTHERS: Final = {
    b"%PDF": "PDF",
    b"OFXHEADER": "OFX",
    b"<OFX": "OFX",
    b"<?OFX": "OFX",
    b"!Type": "QIF",
    b":20:": "MT940",
    b"{1:": "MT940",
}
"""How files of other formats begin, which banks offer besides."""
XML_DECLARATION: Final = re.compile(rb"\s*+<\?xml[^>]*+>")


def read_uploaded_statement(name: str, content: bytes, columns: Mapping[str, str] | None = None) -> File:
    """Read as `read_statement`, in a process of its own. Raises TooDemanding too."""
    return parse(read_statement, name, content, dict(columns or {}))


def read_statement(name: str, content: bytes, columns: Mapping[str, str] | None = None) -> File:
    """A file of the bank, CAMT.053 or a table. Raises Unreadable or BadLines."""
    for beginning, called in OTHERS.items():
        if content.lstrip(b"\xef\xbb\xbf \r\n").startswith(beginning):
            raise Unreadable(
                _("%(file)s is of the format %(format)s: ask the bank for CAMT.053 or CSV.")
                % {"file": name, "format": called}
            )
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and is_camt(decode(content).encode()):
        text = decode(content).encode()
        content = text[declaration.end() :] if (declaration := XML_DECLARATION.match(text)) else text
    if is_camt(content):
        return read_camt(name, content)
    if content.lstrip()[:1] == b"<":
        raise Unreadable(_("%(file)s is no statement in the format CAMT.053.") % {"file": name})
    return read_bank_csv(name, content, columns)
