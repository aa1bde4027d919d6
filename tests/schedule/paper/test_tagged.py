"""Tagged sheets: another reader finds headings and paragraphs in reading order."""

import datetime
import io

import pdfplumber
import pytest
from pypdf import PdfReader

from convention.typeset.tagged import mark_artifacts
from schedule.paper.print_agenda import print_sheets
from schedule.paper.print_options import PrintOptions
from tests.factories import make_event, make_room, make_session

pytestmark = [pytest.mark.django_db, pytest.mark.once]

START = datetime.datetime(2027, 6, 15, 7, tzinfo=datetime.UTC)
KINDS = ["booklet", "grid", "doors", "rooms", "director"]


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


def read_elements(content):
    """Return role and text of each element of the structure tree, in order."""
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
def test_the_file_says_that_it_is_tagged_and_in_which_language(event, kind):
    catalog = PdfReader(io.BytesIO(draw(event, kind))).trailer["/Root"]

    assert catalog["/MarkInfo"]["/Marked"] == True  # noqa: E712 (a boolean of the library)
    assert catalog["/Lang"] == "fr"


def test_sessions_of_a_booklet_are_in_reading_order(event):
    titles = [text for role, text in read_elements(draw(event, "booklet")) if role == "H3"]

    assert titles == [f"Titre numéro {number}" for number in range(3)]


def test_what_is_not_tagged_is_an_artifact():
    operators = ["a re f", "/P << /MCID 0 >> BDC", "/Span << >> BDC", "BT ET", "EMC", "EMC", "b re f"]

    marked = mark_artifacts(operators)

    assert marked == ["/Artifact BMC", "a re f", "EMC", *operators[1:6], "/Artifact BMC", "b re f", "EMC"]
