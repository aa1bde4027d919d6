"""Decode the bytes of a file, whatever its encoding."""

import codecs
import re

from django.utils.translation import gettext_lazy as _

from convention.errors import UnreadableFile
from schedule.exchange.import_notes import ImportNotes, NoteReason

# Ten times the largest real file, with a thousand sessions.
MAX_FILE_BYTES = 20 * 1024 * 1024
# UTF-32-LE comes before UTF-16-LE, whose mark is the beginning of its own.
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
DECLARED_ENCODING_PATTERN = re.compile(
    rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']"""
)
# RFC 5545 folds by octets, so some calendars are folded inside a character and decode only when unfolded.
FOLDED_BYTES_PATTERN = re.compile(rb"(?<!\r)\r*+\n[ \t]")
# Character sets of real files, as Python names them; UTF-16 and UTF-32 are recognized by their bytes.
CHARSET_PATTERN = re.compile(
    r"ascii|utf-8|iso8859-\d{1,2}|cp\d{3,4}|koi8-[rtu]|mac-[a-z]+|tis-620|gb2312|gbk|gb18030|big5|big5hkscs"
    r"|euc_(?:jp|kr)|shift_jis|iso2022_(?:jp|kr)"
)
FILE_SIGNATURES = (
    (b"%PDF", "PDF"),
    (b"\x89PNG", _("a picture")),
    (b"\xff\xd8\xff", _("a picture")),
    (b"GIF8", _("a picture")),
    (b"\x1f\x8b", _("a compressed file")),
    (b"BZh", _("a compressed file")),
    (b"\xfd7zXZ", _("a compressed file")),
    (b"SQLite format 3", _("a database")),
)


def decode_file(data: bytes, notes: ImportNotes) -> str:
    """Return the text of a file. Raise UnreadableFile if it is too large, empty or no text."""
    if len(data) > MAX_FILE_BYTES:
        raise UnreadableFile(
            _("This file is too large (%(size)s MB). The limit for a schedule is %(most)s MB.")
            % {"size": len(data) // 1024**2, "most": MAX_FILE_BYTES // 1024**2}
        )
    if not data.strip(b"\x00 \t\r\n"):
        raise UnreadableFile(_("This file is empty. Choose another one."))
    for signature, name in FILE_SIGNATURES:
        if data.startswith(signature):
            raise UnreadableFile(_("This file is not a schedule. It contains: %(name)s.") % {"name": name})
    text = _decode_text(data, notes)
    if not text.strip():
        raise UnreadableFile(_("This file is empty. Choose another one."))
    return text


def _decode_text(data: bytes, notes: ImportNotes) -> str:
    for mark, encoding in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return _decode_strictly(data[len(mark) :], encoding) or _decode_western(data[len(mark) :], notes)
    if encoding := _detect_utf16(data):
        return _decode_strictly(data, encoding) or _decode_western(data, notes)
    match = DECLARED_ENCODING_PATTERN.search(data[:400])
    declared = _resolve_charset(match.group(1).decode()) if match else "utf-8"
    text = _decode_strictly(data, declared)
    # The declaration may be wrong; text that decodes as UTF-8 is hardly anything else.
    if text is None and declared != "utf-8":
        text = _decode_strictly(data, "utf-8")
    if text is None and data.lstrip()[:15].upper() == b"BEGIN:VCALENDAR":
        text = _decode_unfolded(data, notes)
    # Windows-1252 comes last, since it decodes nearly any bytes.
    return _decode_western(data, notes) if text is None else text


def _resolve_charset(name: str) -> str:
    """Return Python's name of a character set; UTF-8 for any other codec.

    Some of Python's codecs are no character sets: `punycode` takes minutes for half a megabyte.
    """
    try:
        codec_name = codecs.lookup(name).name
    except LookupError:
        return "utf-8"
    return codec_name if CHARSET_PATTERN.fullmatch(codec_name) else "utf-8"


def _decode_unfolded(data: bytes, notes: ImportNotes) -> str | None:
    text = _decode_strictly(FOLDED_BYTES_PATTERN.sub(b"", data), "utf-8")
    if text is not None:
        notes.add(NoteReason.BROKEN_FOLDING)
    return text


def _decode_strictly(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _detect_utf16(data: bytes) -> str:
    """Detect UTF-16 without a byte order mark: every second byte of the first letters is NUL."""
    start = data[:64]
    if len(start) >= 8 and start[1::2].count(0) == len(start) // 2 and 0 not in start[0::2]:
        return "utf-16-le"
    if len(start) >= 8 and start[0::2].count(0) == len(start) // 2 and 0 not in start[1::2]:
        return "utf-16-be"
    return ""


def _decode_western(data: bytes, notes: ImportNotes) -> str:
    """Decode Windows-1252, in which all bytes but five are valid."""
    text = data.decode("cp1252", errors="replace")
    control_count = sum(text[:4000].count(chr(code)) for code in range(32) if chr(code) not in "\t\r\n")
    # Of random bytes every ninth is a control character, in text hardly any: 5 % tells them apart.
    if control_count * 20 > len(text[:4000]):
        raise UnreadableFile(_("This file is not a text file, so it cannot be read as a schedule."))
    notes.add(NoteReason.ENCODING)
    return text
