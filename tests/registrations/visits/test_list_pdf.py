"""The printed visitor list is legible at arm’s length, whatever the number and length of the names."""

import io

import pdfplumber
import pytest
from django.utils import timezone

from registrations.visits.models import IdentityField, VisitorList
from registrations.visits.visitor_list.contents import ListContent
from registrations.visits.visitor_list.pdf import draw_list
from tests.registrations.visits.factories import make_visit

pytestmark = [pytest.mark.django_db, pytest.mark.once, pytest.mark.usefixtures("french")]

NAMES = ["Martin", "de La Rochefoucauld-Montbel", "Wolfeschlegelsteinhausenbergerdorff", "Nguyễn", "עברית"]
COMPANIES = ["EDF", "Agence nationale pour la garantie des droits des mineurs", "L’" + "exploitation " * 12]
USUAL_FIELDS = [IdentityField.BIRTH_DATE, IdentityField.NATIONALITY, IdentityField.DOCUMENT_NUMBER]
IDENTITY_VALUES = {
    "birth_date": "1974-09-23", "birth_place": "Villeneuve-d’Ascq, France", "nationality": "FR",
    "document_kind": "passport", "document_number": "47XX93821", "document_expiry": "2031-02-14",
    "vehicle_plate": "AB-123-CD",
}  # fmt: skip


def row(number, fields):
    identity = {str(field): IDENTITY_VALUES[field] for field in fields}
    name, company = NAMES[number % len(NAMES)], COMPANIES[number % len(COMPANIES)]
    return {"last_name": name, "first_name": "Anne", "company": company, "identity": identity}


def open_list_pdf(count, fields):
    content = ListContent(
        "salt", [str(field) for field in fields], [row(number, fields) for number in range(count)]
    )
    made = VisitorList(
        visit=make_visit(), number=1, count=count, created_at=timezone.now(), hash=content.hash
    )
    return pdfplumber.open(io.BytesIO(draw_list(content, made)))


@pytest.mark.parametrize(
    ("count", "fields", "least"),
    [(1, USUAL_FIELDS, 13), (30, USUAL_FIELDS, 12), (100, list(IdentityField), 9.5), (3, [], 13)],
)
def test_rows_are_complete_inside_page_and_of_minimum_size(count, fields, least):
    with open_list_pdf(count, fields) as document:
        numbers = []
        for page in document.pages:
            assert [c for c in page.chars if not (0 <= c["x0"] <= c["x1"] <= page.width - 30)] == []
            rows = [char for char in page.chars if page.lines[0]["top"] < char["top"] < page.height - 52]
            assert min(char["size"] for char in rows) >= least - 0.01
            numbers += [
                word["text"] for word in page.extract_words() if word["x1"] < 62 and word["text"].isdigit()
            ]
    assert numbers == [str(number) for number in range(1, count + 1)]


def test_dates_are_not_wrapped():
    with open_list_pdf(5, list(IdentityField)) as document:
        words = [word["text"] for page in document.pages for word in page.extract_words()]

    assert words.count("23/09/1974") == 5
    assert words.count("14/02/2031") == 5
