"""Recognize uploaded slides by their content; run in a child process, since parsers have had bugs."""

import io
import zipfile
from pathlib import PurePath
from typing import Final

from django.utils.translation import gettext as _
from pypdf import PdfReader

from convention.errors import UnreadableFile

MAX_SLIDES_BYTES: Final = 25 * 1024 * 1024
# Ordinary slides unpack to a few times their size; more would be a decompression bomb.
MAX_UNPACKED_BYTES: Final = 500 * 1024 * 1024
MAX_ENTRIES: Final = 20_000
MAX_TYPE_BYTES: Final = 4 * 1024 * 1024
PDF_TYPE: Final = "application/pdf"
PPTX_TYPE: Final = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
ODP_TYPE: Final = "application/vnd.oasis.opendocument.presentation"
SUFFIXES: Final = {PDF_TYPE: ".pdf", PPTX_TYPE: ".pptx", ODP_TYPE: ".odp"}
# Of ODP, in lower case.
MACRO_FOLDERS: Final = (("basic",), ("scripts",))
PPTX_MAIN_TYPE: Final = PPTX_TYPE.encode() + b".main+xml"


def recognize_slides(content: bytes) -> str:
    """Return the media type of a PDF, PPTX or ODP by its content.

    Raise UnreadableFile for anything else, for damaged or protected files, and for those with macros.
    """
    if len(content) > MAX_SLIDES_BYTES:
        raise UnreadableFile(
            _("This file is larger than %(most)d MB. Save it with smaller pictures.")
            % {"most": MAX_SLIDES_BYTES // 1024**2}
        )
    if content.startswith(b"%PDF-"):
        check_pdf(content)
        return PDF_TYPE
    if content.startswith(b"PK\x03\x04"):
        return recognize_archive(content)
    raise make_wrong_type_error()


def make_wrong_type_error() -> UnreadableFile:
    return UnreadableFile(_("Choose a PDF, PPTX or ODP file without a password and without macros."))


def check_pdf(content: bytes) -> None:
    """Raise UnreadableFile unless the PDF has pages that everybody can read."""
    try:
        reader = PdfReader(io.BytesIO(content))
        # A PDF that is only protected against changes opens with an empty password.
        is_readable = not reader.is_encrypted or bool(reader.decrypt(""))
        page_count = len(reader.pages) if is_readable else 0
    except MemoryError:
        raise
    except Exception as error:  # pypdf raises many kinds of errors for damaged files
        raise UnreadableFile(_("This PDF is damaged. Export it again from your program.")) from error
    if not is_readable:
        raise make_wrong_type_error()
    if not page_count:
        raise UnreadableFile(_("This PDF has no pages. Choose another one."))


def is_macro(entry_name: str) -> bool:
    """Return whether an entry of a PPTX or ODP holds programs."""
    path = PurePath(entry_name.lower())
    return path.name == "vbaproject.bin" or path.parts[:1] in MACRO_FOLDERS


def recognize_archive(content: bytes) -> str:
    """Return the type of a PPTX or ODP. Raise UnreadableFile."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            media_type = find_archive_type(archive)
    except MemoryError:
        raise
    except Exception as error:  # zipfile and zlib raise many kinds of errors for damaged files
        raise make_wrong_type_error() from error
    if media_type is None:
        raise make_wrong_type_error()
    return media_type


def find_archive_type(archive: zipfile.ZipFile) -> str | None:
    """Return the type of a PPTX or ODP; None for another archive, a huge one, and one with macros."""
    entries = {entry.filename: entry for entry in archive.infolist()}
    unpacked_bytes = sum(entry.file_size for entry in entries.values())
    if len(entries) > MAX_ENTRIES or unpacked_bytes > MAX_UNPACKED_BYTES or any(map(is_macro, entries)):
        return None
    kinds = {
        "[Content_Types].xml": (PPTX_MAIN_TYPE, PPTX_TYPE),
        "mimetype": (ODP_TYPE.encode(), ODP_TYPE),
    }
    for name, (marker, media_type) in kinds.items():
        if name in entries and marker in archive.open(name).read(MAX_TYPE_BYTES):
            return media_type
    return None
