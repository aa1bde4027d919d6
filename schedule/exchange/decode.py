"""From the bytes of a file to its text, whatever it was written in."""

import codecs
import re

from django.utils.translation import gettext_lazy as _

from convention.errors import Unreadable

from .notes import Notes, Reason

LARGEST = 20 * 1024 * 1024
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
FOLDED_BYTES = re.compile(rb"(?<!\r)\r*+\n[ \t]")  # some calendars are folded inside a character
CHARSETS = re.compile(
    r"ascii|utf-8|iso8859-\d{1,2}|cp\d{3,4}|koi8-[rtu]|mac-[a-z]+|tis-620|gb2312|gbk|gb18030|big5|big5hkscs"
    r"|euc_(?:jp|kr)|shift_jis|iso2022_(?:jp|kr)"
)
"""Sets in which files are written, as Python names them; UTF-16 and UTF-32 are told by their bytes."""
SIGNATURES = (
    (b"PK\x03\x04", _("a ZIP archive or an office document")),
    (b"%PDF", "PDF"),
    (b"\x89PNG", _("a picture")),
    (b"\xff\xd8\xff", _("a picture")),
    (b"GIF8", _("a picture")),
    (b"\x1f\x8b", _("a compressed file")),
    (b"BZh", _("a compressed file")),
    (b"\xfd7zXZ", _("a compressed file")),
    (b"SQLite format 3", _("a database")),
)


def decode(data: bytes, notes: Notes) -> str:
    """The text of a file. Raises Unreadable for what is too large, empty or no text."""
    if len(data) > LARGEST:
        raise Unreadable(
            _("This file is too large (%(size)s MB): a schedule has at most %(most)s MB.")
            % {"size": len(data) // 1024**2, "most": LARGEST // 1024**2}
        )
    if not data.strip(b"\x00 \t\r\n"):
        raise Unreadable(_("This file is empty."))
    for signature, name in SIGNATURES:
        if data.startswith(signature):
            raise Unreadable(_("This file is no schedule but %(name)s.") % {"name": name})
    text = _text(data, notes)
    if not text.strip():
        raise Unreadable(_("This file is empty."))
    return text


def _text(data: bytes, notes: Notes) -> str:
    for mark, encoding in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return _strict(data[len(mark) :], encoding) or _western(data[len(mark) :], notes)
    if encoding := _wide(data):
        return _strict(data, encoding) or _western(data, notes)
    match = DECLARED.search(data[:400])
    declared = _charset(match.group(1).decode()) if match else "utf-8"
    text = _strict(data, declared)
    if text is None and declared != "utf-8":
        text = _strict(data, "utf-8")
    if text is None and data.lstrip()[:15].upper() == b"BEGIN:VCALENDAR":
        text = _unfolded(data, notes)
    return _western(data, notes) if text is None else text


def _charset(name: str) -> str:
    """The character set of that name, as Python calls it; UTF-8 for any other codec.

    Some of Python's codecs are no character sets: `punycode` takes minutes for half a megabyte.
    """
    try:
        found = codecs.lookup(name).name
    except LookupError:
        return "utf-8"
    return found if CHARSETS.fullmatch(found) else "utf-8"


def _unfolded(data: bytes, notes: Notes) -> str | None:
    text = _strict(FOLDED_BYTES.sub(b"", data), "utf-8")
    if text is not None:
        notes.add(Reason.FOLDING)
    return text


def _strict(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _wide(data: bytes) -> str:
    """UTF-16 without its mark: every second byte of the first letters is NUL."""
    start = data[:64]
    if len(start) >= 8 and start[1::2].count(0) == len(start) // 2 and 0 not in start[0::2]:
        return "utf-16-le"
    if len(start) >= 8 and start[0::2].count(0) == len(start) // 2 and 0 not in start[1::2]:
        return "utf-16-be"
    return ""


def _western(data: bytes, notes: Notes) -> str:
    """Windows-1252, in which every byte but five means something."""
    text = data.decode("cp1252", errors="replace")
    odd = sum(text[:4000].count(chr(code)) for code in range(32) if chr(code) not in "\t\r\n")
    if odd * 20 > len(text[:4000]):
        raise Unreadable(_("This file is no text, so it is no schedule."))
    notes.add(Reason.ENCODING)
    return text
