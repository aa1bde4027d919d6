"""The objects of a PDF file, written one after the other, and the table at its end that finds them."""

import zlib
from typing import BinaryIO

from .fonts import Pieces


class ObjectFile:
    """Numbers objects, writes each as soon as it is complete, and remembers only where it stands."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._position = 0
        self._offsets: list[int] = []
        self._write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")

    def reserve(self) -> int:
        """A number for an object that is written later."""
        self._offsets.append(0)
        return len(self._offsets)

    def add(self, body: str, number: int = 0) -> int:
        """Write an object, under a reserved number if one is given. Returns its number."""
        number = number or self.reserve()
        self._offsets[number - 1] = self._position
        self._write(f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1"))
        return number

    def add_content(self, content: bytes, dictionary: str = "") -> int:
        """Compress and write a stream. Returns its number."""
        return self.add_stream(zlib.compress(content), dictionary)

    def add_stream(self, compressed: bytes, dictionary: str = "") -> int:
        """Write a stream that is compressed already. Returns its number."""
        number = self.reserve()
        self._offsets[number - 1] = self._position
        head = f"{number} 0 obj\n<< /Filter /FlateDecode /Length {len(compressed)} {dictionary} >>\nstream\n"
        self._write(head.encode("latin-1") + compressed + b"\nendstream\nendobj\n")
        return number

    def add_font(self, pieces: Pieces) -> int:
        """Write an embedded font with all that it consists of. Returns its number."""
        file = self.add_stream(pieces.file, f"/Length1 {pieces.file_length}")
        glyph_map, to_unicode = self.add_stream(pieces.glyph_map), self.add_stream(pieces.to_unicode)
        descriptor = self.add(f"<< {pieces.descriptor} /FontFile2 {file} 0 R >>")
        links = f"/FontDescriptor {descriptor} 0 R /CIDToGIDMap {glyph_map} 0 R"
        descendant = self.add(f"<< {pieces.descendant} {links} >>")
        return self.add(
            f"<< {pieces.font} /DescendantFonts [{descendant} 0 R] /ToUnicode {to_unicode} 0 R >>"
        )

    def finish(self, catalog: int, information: int) -> None:
        """Write the table of objects and end the file."""
        start, size = self._position, len(self._offsets) + 1
        rows = "".join(f"{offset:010} 00000 n \n" for offset in self._offsets)
        self._write(f"xref\n0 {size}\n0000000000 65535 f \n{rows}".encode("ascii"))
        ends = f"/Root {catalog} 0 R /Info {information} 0 R"
        self._write(f"trailer\n<< /Size {size} {ends} >>\nstartxref\n{start}\n%%EOF\n".encode("ascii"))

    def _write(self, content: bytes) -> None:
        self._file.write(content)
        self._position += len(content)
