"""What the check of a directory list recognizes and reports before anything is written."""

import pytest
from django.utils import translation

from convention.club.directory_import.columns import guess_columns
from convention.club.directory_import.import_directory import preview_directory_import
from convention.tables.files import read_table
from convention.tables.row_errors import InvalidRows
from tests.factories import make_company, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


def test_preview_reports_wrong_cells_and_conflicts_with_the_directory_at_once():
    make_member(make_company(), email="ana@lac.example", first_name="Ana", last_name="Silva")
    text = (
        "Entreprise;Prénom;Nom;Courriel;SIREN\n"
        "Neuve SA;Zoé;Roi;not an address;732829320\n"
        ";Ali;Roi;ali@neuve.example;732829320\n"
        "Autre SA;Ana;Silva;ana@lac.example;\n"
    )

    with pytest.raises(InvalidRows) as error:
        preview_directory_import(table=read_table("list.csv", text.encode()))

    # Row 3 is right: it needs the company of row 2, which has a wrong address only.
    assert [number for number, _sentence in error.value.rows] == [2, 4]
    assert "is not an e-mail address" in error.value.rows[0][1]
    assert "Record the change of employer on their page first." in error.value.rows[1][1]


def test_row_with_a_wrong_cell_is_reported_for_that_cell_only():
    make_member(make_company(), email="ana@lac.example", first_name="Ana", last_name="Silva")
    text = "Entreprise;Courriel;Depuis\nAutre SA;ana@lac.example;hier\n"

    with pytest.raises(InvalidRows) as error:
        preview_directory_import(table=read_table("list.csv", text.encode()))

    assert len(error.value.rows) == 1
    assert "is not a date" in error.value.rows[0][1]


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("CP", "postcode"),
        ("C.P.", "postcode"),
        ("Société", "company"),
        ("Nom de l’entreprise", "company"),
        ("N° SIREN", "siren"),
        ("Fonction", "title"),
        ("Intitulé du poste", "title"),
        ("E-mail pro", "email"),
        ("Prénom / Nom", "full_name"),
        ("Commune", "city"),
        ("Tél.", "company_phone"),
    ],
)
def test_abbreviated_french_heading_is_recognized(heading, field):
    assert guess_columns([heading]) == [field]


@pytest.mark.parametrize(
    ("heading", "field"), [("Arrivée", "starts_on"), ("Date d’arrivée", "starts_on"), ("Départ", "ends_on")]
)
def test_heading_of_arrival_or_departure_is_a_day_of_the_job(heading, field):
    assert guess_columns([heading]) == [field]
