"""Tagged PDFs for screen readers: headings, paragraphs, pictures and links in reading order (PDF/UA-1).

All that is not tagged, such as rules, backgrounds and running heads, is marked as an artifact.
"""

import itertools
import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from reportlab.pdfbase.pdfdoc import LinkAnnotation, PDFString

from .document import PageArea, PdfDocument, PdfForm, PdfPage, encode_pdf_text
from .reportlab_canvas import RawDictionary, RawStream, add_reference, format_object

END_OF_TAG = "EMC"
BEGIN_SUFFIXES = ("BDC", "BMC")
TAG_NUMBER_PATTERN = re.compile(r"(?<=/MCID )\d+")
# Bit 3 of the flags of an annotation: it is printed, as PDF/A and PDF/UA require.
PRINTED_FLAG = 4
XMP_PACKET = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<dc:language><rdf:Bag><rdf:li>{language}</rdf:li></rdf:Bag></dc:language>
<pdfuaid:part>1</pdfuaid:part>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""


class Tag(NamedTuple):
    """One element of the structure tree: marked content of a page, or the annotation of a link."""

    role: str
    # The number of the page and the position on it, which give the reading order.
    order: tuple[int, int]
    # The number of the content on its sheet; None for an annotation.
    content_number: int | None = None
    alternative_text: str = ""
    box: str = ""
    annotation: str = ""
    parent_key: int = 0


class TaggedLink(LinkAnnotation):
    """A link within the document that names its element of the structure tree."""

    permitted = (*LinkAnnotation.permitted, "StructParent")


class TaggedPage(PdfPage):
    """A page that remembers its tags; `parent_keys` are shared by all pages of the document."""

    def __init__(self, *arguments: Any, number: int, parent_keys: Iterator[int]) -> None:
        super().__init__(*arguments)
        self.number = number
        self.tags: list[Tag] = []
        self.content_count = 0
        self._parent_keys = parent_keys

    def begin_tag(self, role: str) -> None:
        """Begin a heading (H1 to H6) or a paragraph (P); end it before the next one begins."""
        self._begin_content(Tag(role, (self.number, len(self.tags)), self.content_count))

    def begin_figure(self, alternative_text: str, area: PageArea) -> None:
        """Begin a picture in an area; end it like any other tag."""
        left, bottom, right, top = self._corners(area)
        box = f"{left:.2f} {bottom:.2f} {right:.2f} {top:.2f}"
        order = (self.number, len(self.tags))
        self._begin_content(Tag("Figure", order, self.content_count, alternative_text, box))

    def _begin_content(self, tag: Tag) -> None:
        self.operators.append(f"/{tag.role} << /MCID {tag.content_number} >> BDC")
        self.tags.append(tag)
        self.content_count += 1

    def end_tag(self) -> None:
        self.operators.append(END_OF_TAG)

    def place_form(self, form: PdfForm, x: float, y: float) -> None:
        """Draw a form with its top left corner at x, y; a picture with its alternative text."""
        if form.alternative_text:
            self.begin_figure(form.alternative_text, (x, y, form.width, form.height))
        super().place_form(form, x, y)
        if form.alternative_text:
            self.end_tag()

    def add_link(self, area: PageArea, address: str) -> None:
        """Make an area open a web address."""
        key = next(self._parent_keys)
        self._canvas.linkURL(
            address, self._corners(area), Contents=PDFString(address), StructParent=key, F=PRINTED_FLAG
        )
        self._tag_annotation(key)

    def add_jump(self, area: PageArea, name: str, label: str) -> None:
        """Link an area to a destination in this document; `label` says where it leads."""
        key = next(self._parent_keys)
        self._canvas._addAnnotation(
            TaggedLink(
                Rect=self._corners(area),
                Contents=label,
                Destination=self._canvas._bookmarkReference(name),
                Border="[0 0 0]",
                StructParent=key,
                F=PRINTED_FLAG,
            )
        )
        self._tag_annotation(key)

    def _tag_annotation(self, key: int) -> None:
        annotation = format_object(self._canvas._annotationrefs[-1], self._canvas._doc)
        order = (self.number, len(self.tags))
        self.tags.append(Tag("Link", order, annotation=annotation, parent_key=key))

    def copy_content(self, page: "TaggedPage") -> None:
        """Add the content of another page with its tags, which keep their place in the reading order."""
        shift = self.content_count
        for operator in page.operators:
            is_tag = "/MCID " in operator
            self.operators.append(shift_tag_number(operator, shift) if is_tag else operator)
        # The box was measured on the page, which is placed elsewhere on the sheet.
        self.tags += [
            tag._replace(content_number=(tag.content_number or 0) + shift, box="") for tag in page.tags
        ]
        self.content_count += page.content_count
        self.forms += page.forms


class SheetTags(NamedTuple):
    """The tags of one sheet, the reference of its page and its key in the tree of parents."""

    reference: str
    parent_key: int
    tags: list[Tag]


class TaggedDocument(PdfDocument):
    """A PDF with a structure tree: a flat list of headings, paragraphs, pictures and links."""

    def __init__(self, *arguments: Any, title: str, language: str, **options: Any) -> None:
        super().__init__(*arguments, title=title, language=language, **options)
        self._metadata = XMP_PACKET.format(title=escape(title), language=escape(language))
        self._sheets: list[SheetTags] = []
        self._parent_keys = itertools.count()

    def begin_page(self, width: float, height: float) -> PdfPage:
        """Finish the current page and begin one of this size."""
        self._finish_page()
        self.page_count += 1
        page = TaggedPage(self._canvas, width, height, number=self.page_count, parent_keys=self._parent_keys)
        self._current_page = page
        return page

    def close(self) -> None:
        """Add the structure tree, and write the file."""
        self._finish_page()
        self._add_structure_tree()
        super().close()

    def _finish_page(self) -> None:
        page, self._current_page = self._current_page, None
        if not isinstance(page, TaggedPage):
            return
        key = next(self._parent_keys)
        # A page without content in the tree must not name an entry.
        parents = f"/StructParents {key} " if page.content_count else ""
        reference = self._page_writer.add_page(
            page.width, page.height, mark_artifacts(page.operators), page.forms, entries=f"{parents}/Tabs /S"
        )
        self._sheets.append(SheetTags(reference, key, page.tags))

    def _add_structure_tree(self) -> None:
        document = self._canvas._doc
        root, top = RawDictionary(""), RawDictionary("")
        root_reference, top_reference = add_reference(document, root), add_reference(document, top)
        ordered: list[tuple[tuple[int, int], str]] = []
        parents: dict[int, str] = {}
        for sheet in self._sheets:
            elements = [
                add_reference(document, make_element(tag, top_reference, sheet.reference))
                for tag in sheet.tags
            ]
            ordered += zip((tag.order for tag in sheet.tags), elements, strict=True)
            contents = [
                element for tag, element in zip(sheet.tags, elements, strict=True) if not tag.annotation
            ]
            parents[sheet.parent_key] = f"[{' '.join(contents)}]"
            parents |= {
                tag.parent_key: element
                for tag, element in zip(sheet.tags, elements, strict=True)
                if tag.annotation
            }
        kids = " ".join(element for _order, element in sorted(ordered))
        numbers = " ".join(f"{key} {parents[key]}" for key in sorted(parents))
        tree = add_reference(document, RawDictionary(f"/Nums [{numbers}]"))
        top.set_content(f"/Type /StructElem /S /Document /P {root_reference} /K [{kids}]")
        root.set_content(
            f"/Type /StructTreeRoot /K {top_reference} /ParentTree {tree}"
            f" /ParentTreeNextKey {max(parents, default=-1) + 1}"
        )
        document.Catalog.StructTreeRoot = root
        document.Catalog.MarkInfo = RawDictionary("/Marked true")
        # Not compressed, so that programs find the packet without reading the PDF.
        document.Catalog.Metadata = RawStream("/Type /Metadata /Subtype /XML", self._metadata.encode())


def shift_tag_number(operator: str, shift: int) -> str:
    return TAG_NUMBER_PATTERN.sub(lambda match: str(int(match.group()) + shift), operator)


def make_element(tag: Tag, parent: str, page: str) -> RawDictionary:
    kid = f"<< /Type /OBJR /Obj {tag.annotation} /Pg {page} >>" if tag.annotation else str(tag.content_number)
    alternative = f" /Alt {encode_pdf_text(tag.alternative_text)}" if tag.alternative_text else ""
    box = f" /A << /O /Layout /BBox [{tag.box}] /Placement /Block >>" if tag.box else ""
    return RawDictionary(
        f"/Type /StructElem /S /{tag.role} /P {parent} /Pg {page} /K {kid}{alternative}{box}"
    )


def mark_artifacts(operators: list[str]) -> list[str]:
    """Return the operators with all that is painted outside tags marked as artifacts."""
    marked: list[str] = []
    depth, is_artifact = 0, False
    for operator in operators:
        begins = operator.endswith(BEGIN_SUFFIXES)
        if depth == 0:
            ends_artifact = (begins and "/MCID" in operator) or is_nesting(operator)
            if is_artifact and ends_artifact:
                marked.append(END_OF_TAG)
                is_artifact = False
            elif not is_artifact and not ends_artifact and not operator.endswith(" rg"):
                marked.append("/Artifact BMC")
                is_artifact = True
        marked.append(operator)
        if begins:
            depth += 1
        elif operator == END_OF_TAG:
            depth -= 1
    return [*marked, END_OF_TAG] if is_artifact else marked


def is_nesting(operator: str) -> bool:
    """Return whether an operator begins or ends a page within a sheet, which no artifact may span."""
    return operator == "Q" or operator.endswith(" cm")
