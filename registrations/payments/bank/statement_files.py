"""Read a bank statement file of any supported format, recognized by its content."""

import codecs
import re
from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext as _

from convention.errors import UnreadableFile
from convention.parsing.process import parse_in_child
from convention.tables.files import decode_text
from convention.tables.workbooks import is_workbook

from .camt_reader import is_camt, read_camt_statement
from .csv_reader import read_csv_statement
from .statement_lines import StatementFile

# Beginnings of other formats that banks offer.
UNSUPPORTED_FORMATS: Final = {
    b"%PDF": "PDF",
    b"OFXHEADER": "OFX",
    b"<OFX": "OFX",
    b"<?OFX": "OFX",
    b"!Type": "QIF",
    b":20:": "MT940",
    b"{1:": "MT940",
}
XML_DECLARATION: Final = re.compile(rb"\s*+<\?xml[^>]*+>")


def read_uploaded_statement(
    name: str, content: bytes, columns: Mapping[str, str] | None = None
) -> StatementFile:
    """Call `read_statement` in a separate process with limits. Raise FileTooDemanding too."""
    # An upload from outside: a parser that loops or eats memory must not take a web process with it.
    return parse_in_child(read_statement, name, content, dict(columns or {}))


def read_statement(name: str, content: bytes, columns: Mapping[str, str] | None = None) -> StatementFile:
    """Return the statement in a file. Raise UnreadableFile or InvalidLines."""
    for beginning, format_name in UNSUPPORTED_FORMATS.items():
        if content.lstrip(b"\xef\xbb\xbf \r\n").startswith(beginning):
            raise UnreadableFile(
                _("%(file)s is in %(format)s format. Ask the bank for CAMT.053 or CSV.")
                % {"file": name, "format": format_name}
            )
    # After decoding, the declared encoding is wrong, so the declaration is dropped.
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and is_camt(
        decode_text(content).encode()
    ):
        text = decode_text(content).encode()
        content = text[declaration.end() :] if (declaration := XML_DECLARATION.match(text)) else text
    if is_camt(content):
        return read_camt_statement(name, content)
    # Other XML, which the CSV reader would report as a file without columns.
    if content.lstrip()[:1] == b"<":
        raise UnreadableFile(_("%(file)s is not a CAMT.053 statement.") % {"file": name})
    # The reader of tables would ask for a workbook, which no bank statement is.
    if not is_workbook(content) and "\x00" in decode_text(content):
        raise UnreadableFile(
            _("%(file)s is not a bank statement. Ask the bank for CAMT.053 or CSV.") % {"file": name}
        )
    return read_csv_statement(name, content, columns)
