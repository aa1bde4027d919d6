"""Tagged PDFs: headings and paragraphs in reading order, for screen readers (ISO 32000, 14.8).

All that is not tagged, such as rules, backgrounds and running heads, is marked as an artifact.
"""

from typing import Any

from .document import PdfDocument, PdfPage
from .reportlab_canvas import RawDictionary, add_reference

END_OF_TAG = "EMC"
BEGIN_SUFFIXES = ("BDC", "BMC")


class TaggedPage(PdfPage):
    """A page that remembers the role of each tag; its number is its place in the list."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.roles: list[str] = []

    def begin_tag(self, role: str) -> None:
        """Begin a heading (H1 to H6) or a paragraph (P); end it before the next one begins."""
        self.operators.append(f"/{role} << /MCID {len(self.roles)} >> BDC")
        self.roles.append(role)

    def end_tag(self) -> None:
        self.operators.append(END_OF_TAG)


class TaggedDocument(PdfDocument):
    """A PDF with a structure tree: a flat list of headings and paragraphs."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        # The reference of each page, with the roles of its tags.
        self._tagged_pages: list[tuple[str, list[str]]] = []

    def begin_page(self, width: float, height: float) -> PdfPage:
        """Finish the current page and begin one of this size."""
        self._finish_page()
        self._current_page = TaggedPage(self._canvas, width, height)
        self.page_count += 1
        return self._current_page

    def close(self) -> None:
        """Add the structure tree, and write the file."""
        self._finish_page()
        self._add_structure_tree()
        super().close()

    def _finish_page(self) -> None:
        page, self._current_page = self._current_page, None
        if not isinstance(page, TaggedPage):
            return
        reference = self._page_writer.add_page(
            page.width,
            page.height,
            mark_artifacts(page.operators),
            page.forms,
            entries=f"/StructParents {len(self._tagged_pages)} /Tabs /S",
        )
        self._tagged_pages.append((reference, page.roles))

    def _add_structure_tree(self) -> None:
        document = self._canvas._doc
        root, top = RawDictionary(""), RawDictionary("")
        root_reference, top_reference = add_reference(document, root), add_reference(document, top)
        elements = [
            [
                add_reference(document, make_element(role, number, top_reference, page_reference))
                for number, role in enumerate(roles)
            ]
            for page_reference, roles in self._tagged_pages
        ]
        numbers = " ".join(f"{index} [{' '.join(row)}]" for index, row in enumerate(elements))
        parents = add_reference(document, RawDictionary(f"/Nums [{numbers}]"))
        kids = " ".join(reference for row in elements for reference in row)
        top.set_content(f"/Type /StructElem /S /Document /P {root_reference} /K [{kids}]")
        root.set_content(
            f"/Type /StructTreeRoot /K {top_reference} /ParentTree {parents}"
            f" /ParentTreeNextKey {len(elements)}"
        )
        document.Catalog.StructTreeRoot = root
        document.Catalog.MarkInfo = RawDictionary("/Marked true")


def make_element(role: str, number: int, parent: str, page: str) -> RawDictionary:
    return RawDictionary(f"/Type /StructElem /S /{role} /P {parent} /Pg {page} /K {number}")


def mark_artifacts(operators: list[str]) -> list[str]:
    """Return the operators with all runs outside tags marked as artifacts."""
    marked: list[str] = []
    depth, is_artifact = 0, False
    for operator in operators:
        begins = operator.endswith(BEGIN_SUFFIXES)
        if begins and depth == 0 and is_artifact and "/MCID" in operator:
            marked.append(END_OF_TAG)
            is_artifact = False
        elif depth == 0 and not is_artifact and "/MCID" not in operator:
            marked.append("/Artifact BMC")
            is_artifact = True
        marked.append(operator)
        if begins:
            depth += 1
        elif operator == END_OF_TAG:
            depth -= 1
    return [*marked, END_OF_TAG] if is_artifact else marked
