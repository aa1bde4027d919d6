"""Tagged PDF sheets: other readers find headings and paragraphs in reading order."""

import datetime
import io
import itertools

import pdf_oxide
import pdfplumber
import pytest
from pypdf import PdfReader
from pypdf.generic import ContentStream

from convention.typeset.tagged import mark_artifacts
from schedule.models import SessionSpeaker
from schedule.paper.personal_page import draw_personal_page
from schedule.paper.print_agenda import print_sheets
from schedule.paper.print_options import PrintOptions
from schedule.paper.printed_programme import load_printed_programme
from schedule.paper.sheet_kinds import SHEET_KINDS
from tests.factories import make_event, make_room, make_session
from tests.registrations.sponsors.factories import make_package, make_sponsorship
from tests.schedule.paper.comparisons import make_comparison

pytestmark = [pytest.mark.django_db, pytest.mark.once]

START = datetime.datetime(2027, 6, 15, 7, tzinfo=datetime.UTC)
KINDS = ["booklet", "grid", "doors", "rooms", "director"]
# All kinds of sheets, including the folded booklet and the personal page.
ALL_KINDS = [*SHEET_KINDS, "folded booklet", "personal"]
PAINTING_OPERATORS = {b"Tj", b"TJ", b"f", b"S", b"Do", b"INLINE IMAGE"}


@pytest.fixture
def event():
    event = make_event(slug="paper", starts_at=START, ends_at=START + datetime.timedelta(days=1))
    room = make_room(event, name="Salle Curie")
    for number in range(3):
        make_session(
            event, f"Titre numéro {number}", room=room, abstract="Un texte.",
            starts_at=START + datetime.timedelta(hours=number),
        )  # fmt: skip
    return event


def draw(event, kind):
    file = io.BytesIO()
    print_sheets(event, file=file, options=PrintOptions(kind))
    return file.getvalue()


def draw_any(event, kind):
    file = io.BytesIO()
    if kind == "personal":
        draw_personal_page(load_printed_programme(event), file)
    else:
        options = PrintOptions(
            kind.removeprefix("folded "),
            is_imposed=kind.startswith("folded"),
            since=1 if kind == "changes" else None,
        )
        print_sheets(event, file=file, options=options, comparison=make_comparison(event))
    return file.getvalue()


@pytest.fixture
def full_event(event):
    """An event with speakers, a chair, a break, sessions without a time and logos."""
    make_session(event, "Pause", role="break", starts_at=START + datetime.timedelta(hours=4))
    make_session(event, "Sans horaire", starts_at=None)
    for name in ("Ana", "Bo"):
        make_session(event, f"Avec {name}", speakers=[name], starts_at=START, room=event.rooms.get())
    SessionSpeaker.objects.filter(speaker__name="Bo").update(part=SessionSpeaker.Part.CHAIR)
    make_sponsorship(make_package(event, has_printed_logo=True))
    return event


def list_structure(content):
    """Return the elements of the structure tree in order, as pypdf dictionaries."""
    root = PdfReader(io.BytesIO(content)).trailer["/Root"]["/StructTreeRoot"]
    return [kid.get_object() for kid in root["/K"]["/K"]]


def find_untagged_marks(reader):
    """Return the painting operators outside any tag or artifact, and overlapping tags."""
    found = []
    for number, page in enumerate(reader.pages, start=1):
        open_tags = []
        for operands, operator in ContentStream(page.get_contents(), reader).operations:
            if operator in {b"BDC", b"BMC"}:
                role = operands[0]
                is_content = operator == b"BDC" and "/MCID" in operands[1]
                if open_tags and (is_content or role == "/Artifact"):
                    found.append(f"{number}: {role} in {open_tags}")
                open_tags.append(role)
            elif operator == b"EMC":
                open_tags.pop()
            elif operator in PAINTING_OPERATORS and not open_tags:
                found.append(f"{number}: {operator}")
    return found


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_all_content_is_tagged_or_artifact_and_pictures_have_alternative_text(full_event, kind):
    content = draw_any(full_event, kind)
    reader = PdfReader(io.BytesIO(content))
    elements = list_structure(content)
    figures = [element for element in elements if element["/S"] == "/Figure"]

    assert find_untagged_marks(reader) == []
    assert figures
    assert [element for element in figures if not element.get("/Alt")] == []
    assert {page["/Tabs"] for page in reader.pages} == {"/S"}


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_headings_start_at_level_one_and_skip_no_level(full_event, kind):
    levels = [
        int(element["/S"][2:])
        for element in list_structure(draw_any(full_event, kind))
        if element["/S"][1] == "H"
    ]

    assert levels[0] == 1
    assert [pair for pair in itertools.pairwise(levels) if pair[1] - pair[0] > 1] == []


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_links_are_tagged_and_have_a_description(full_event, kind):
    content = draw_any(full_event, kind)
    reader = PdfReader(io.BytesIO(content))
    links = [link.get_object() for page in reader.pages for link in page.get("/Annots", ())]
    parents = reader.trailer["/Root"]["/StructTreeRoot"]["/ParentTree"]["/Nums"]
    by_key = dict(itertools.batched(parents, 2, strict=True))

    elements = [by_key[link["/StructParent"]].get_object() for link in links]

    assert [link for link in links if not link.get("/Contents")] == []
    assert {element["/S"] for element in elements} <= {"/Link"}
    assert [element["/K"]["/Obj"].get_object() for element in elements] == links


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_pdf_is_valid_pdf_ua_with_language_and_embedded_fonts(full_event, kind, tmp_path):
    content = draw_any(full_event, kind)
    root = PdfReader(io.BytesIO(content)).trailer["/Root"]
    file = tmp_path / "sheets.pdf"
    file.write_bytes(content)

    verdict = pdf_oxide.PdfDocument(str(file)).validate_pdf_ua()

    assert verdict["valid"], verdict
    assert root["/ViewerPreferences"]["/DisplayDocTitle"] == True  # noqa: E712 (a boolean of the library)
    assert root["/Lang"] == "fr"
    assert b"<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_data()
    for page in PdfReader(io.BytesIO(content)).pages:
        for font in page["/Resources"]["/Font"].values():
            assert font.get_object()["/ToUnicode"].get_data()
            assert "/FontFile2" in font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"]


def test_folded_booklet_is_tagged_in_page_order(full_event):
    plain, folded = (
        [text for role, text in read_tree(draw_any(full_event, kind)) if role in {"/H1", "/H3"}]
        for kind in ("booklet", "folded booklet")
    )

    assert len(plain) > 5
    assert folded == plain


def read_tree(content):
    """Return role and text of all elements but links in the order of the structure tree, read by pypdf."""
    reader = PdfReader(io.BytesIO(content))
    indexes = {page.indirect_reference.idnum: index for index, page in enumerate(reader.pages)}
    texts = {}
    with pdfplumber.open(io.BytesIO(content)) as document:
        for index, page in enumerate(document.pages):
            for char in page.chars:
                key = (index, char["mcid"])
                texts[key] = texts.get(key, "") + char["text"]
    return [
        (element["/S"], texts.get((indexes[element.raw_get("/Pg").idnum], element["/K"]), ""))
        for element in list_structure(content)
        if element["/S"] != "/Link"
    ]


def test_a_grid_is_read_room_by_room(full_event):
    elements = [(role, text) for role, text in read_elements(draw(full_event, "grid")) if text]
    roles = [role for role, _text in elements]
    room = next(index for index, (_role, text) in enumerate(elements) if text.startswith("Salle Curie"))

    assert roles.index("H2") == room
    assert "Titre numéro 0" in " ".join(text for _role, text in elements[room + 1 :])


def read_elements(content):
    """Return role and text of each element in the order of the structure tree, read by pdfplumber."""
    found = []
    with pdfplumber.open(io.BytesIO(content)) as document:
        for page in document.pages:
            texts = {}
            for char in page.chars:
                if char["mcid"] is not None:
                    texts[char["mcid"]] = texts.get(char["mcid"], "") + char["text"]
            for element in page.structure_tree:
                for child in [element, *element.get("children", [])]:
                    found += [(child["type"], texts.get(number, "")) for number in child.get("mcids", [])]
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_titles_are_elements_of_the_structure_tree(event, kind):
    texts = [text for _role, text in read_elements(draw(event, kind))]

    assert [n for n in range(3) if not any(f"Titre numéro {n}" in text for text in texts)] == []


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_sheet_has_a_heading(event, kind):
    assert "H1" in {role for role, _text in read_elements(draw(event, kind))}


@pytest.mark.parametrize("kind", KINDS)
def test_pdf_is_marked_as_tagged_with_its_language(event, kind):
    catalog = PdfReader(io.BytesIO(draw(event, kind))).trailer["/Root"]

    assert catalog["/MarkInfo"]["/Marked"] == True  # noqa: E712 (a boolean of the library)
    assert catalog["/Lang"] == "fr"


def test_sessions_of_a_booklet_are_in_reading_order(event):
    titles = [text for role, text in read_elements(draw(event, "booklet")) if role == "H3"]

    assert titles == [f"Titre numéro {number}" for number in range(3)]


def test_untagged_operators_are_marked_as_artifacts():
    operators = ["a re f", "/P << /MCID 0 >> BDC", "/Span << >> BDC", "BT ET", "EMC", "EMC", "b re f"]

    marked = mark_artifacts(operators)

    assert marked == ["/Artifact BMC", "a re f", "EMC", *operators[1:6], "/Artifact BMC", "b re f", "EMC"]
