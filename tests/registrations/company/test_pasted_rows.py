"""Parsing of rows pasted from spreadsheets."""

import pytest

from convention.errors import UnreadableFile
from registrations.company.pasted_rows import list_ignored_columns, parse_pasted_rows
from registrations.models import Addon, Ticket

TICKETS = [
    Ticket(slug="member", name="Adhérent", name_en="Member"),
    Ticket(slug="guest", name="Invité", name_en="Guest"),
]
ADDONS = [Addon(slug="dinner", name="Dîner", name_en="Dinner")]


def parse_rows(text):
    return [
        tuple(row.get(name, "") for name in ("first_name", "last_name", "email", "ticket"))
        for row in parse_pasted_rows(text, TICKETS)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Ana\tSilva\tana@x.fr\tInvité",
        "Ana;Silva;ana@x.fr;guest",
        "Ana,Silva,ana@x.fr,Guest",
        '"Ana"\t"Silva"\tana@x.fr\tINVITE\r\n',
        "Prénom\tNom\tCourriel\tBillet\nAna\tSilva\tana@x.fr\tinvité",
        "E-mail;Last name;First name;Ticket type\nana@x.fr;Silva;Ana;guest",
        "NOM DE FAMILLE\tMail\tprenoms\tCatégorie\tService\nSilva\tana@x.fr\tAna\tInvité\tDSI",
        "\n\n  Ana \t Silva\tana@x.fr\tInvité\n\n",
        "Ana\tSilva\tAcme\tana@x.fr\tInvité",
        "ana@x.fr\tInvité\tAna Silva",
        "1\tMme\tAna\tSilva\tana@x.fr\tInvité",
        "Name\tE-mail\tTicket\nAna Silva\tana@x.fr\tGuest",
        "Nom;Courriel;Billet\nAna Silva;ana@x.fr;Invité",
        "Mrs.\tAna\tSilva\t+33 6 12 34 56 78\tana@x.fr\tInvité",
    ],
)
def test_same_person_is_parsed_from_any_layout(text):
    assert parse_rows(text) == [("Ana", "Silva", "ana@x.fr", "guest")]


def test_last_names_without_a_column_of_first_names_are_not_split():
    assert parse_rows("Nom de famille;E-mail\nDe la Tour;a@x.fr") == [("", "De la Tour", "a@x.fr", "")]


def test_rows_of_unequal_length_and_name_with_comma_are_parsed():
    text = 'Ana\tSilva\n"Léa"\t"Roi, née Duc"\tlea@x.fr\tAdhérent\nBob\tDupré\tbob@x.fr'
    assert parse_rows(text) == [
        ("Ana", "Silva", "", ""),
        ("Léa", "Roi, née Duc", "lea@x.fr", "member"),
        ("Bob", "Dupré", "bob@x.fr", ""),
    ]


def test_last_name_in_capitals_before_first_name_is_recognized():
    assert parse_rows("SILVA\tAna\tana@x.fr\nDUPRÉ\tBob\tbob@x.fr") == [
        ("Ana", "SILVA", "ana@x.fr", ""), ("Bob", "DUPRÉ", "bob@x.fr", ""),
    ]  # fmt: skip


def test_name_to_follow_and_unknown_ticket_are_parsed():
    [one, other] = parse_pasted_rows("À suivre\t\tx@y.fr\tInvité\nAna\tSilva\ta@y.fr\tgold", TICKETS)

    assert one["first_name"] == ""
    assert one["is_to_follow"] == "on"
    assert other["ticket"] == "gold"


@pytest.mark.parametrize(
    "name", ["TBC", "tba", "To be confirmed", "to be announced", "À confirmer", "TBC\tTBC", "TBA\tTBC"]
)
def test_name_to_be_confirmed_is_to_follow(name):
    columns = "First name\tLast name" if "\t" in name else "Name"

    [row] = parse_pasted_rows(f"{columns}\tE-mail\n{name}\tx@y.fr", TICKETS)

    assert row["is_to_follow"] == "on"
    assert row["first_name"] == row["last_name"] == ""


def test_name_with_a_word_for_a_name_to_follow_is_a_name():
    [row] = parse_pasted_rows("First name\tLast name\tE-mail\nTBA\tSilva\tx@y.fr", TICKETS)

    assert row["last_name"] == "Silva"


def test_escaped_formula_is_restored_and_empty_text_has_no_rows():
    assert parse_rows("'=Ana\tSilva\ta@x.fr")[0][0] == "=Ana"
    assert parse_rows("") == parse_rows(" \n\t\n") == []


def test_unclosed_quotation_mark_is_refused():
    with pytest.raises(UnreadableFile):
        parse_pasted_rows('Ana\t"Silva\nBob\tRoi', TICKETS)


@pytest.mark.parametrize(
    "text",
    [
        "Ana Silva <ana@x.fr>; Bob Dupré <bob@x.fr>",
        "Ana Silva <ana@x.fr>;Bob Dupré <bob@x.fr>;\n",
        "Ana Silva <ana@x.fr>\nDupré, Bob <bob@x.fr>",
        "'Ana Silva' <ana@x.fr>; \"DUPRÉ Bob\" <bob@x.fr>",
    ],
)
def test_recipients_of_a_mail_program_are_one_row_each(text):
    rows = [(first, last.casefold(), email) for first, last, email, _ticket in parse_rows(text)]

    assert rows == [("Ana", "silva", "ana@x.fr"), ("Bob", "dupré", "bob@x.fr")]


@pytest.mark.parametrize(
    "name",
    [
        *("M. Yves Le Corre", "m Yves Le Corre", "Monsieur Yves Le Corre", "Pr. Dr. Yves Le Corre"),
        *(
            "1. Yves Le Corre",
            "2) Yves Le Corre",
            "3 Yves Le Corre",
            "4.Yves Le Corre",
            "5 - M. Yves Le Corre",
        ),
    ],
)
def test_row_number_and_title_of_address_before_a_name_are_dropped(name):
    assert parse_rows(f"{name}\tyves@x.fr") == [("Yves", "Le Corre", "yves@x.fr", "")]
    assert parse_rows(f"{name} <yves@x.fr>") == [("Yves", "Le Corre", "yves@x.fr", "")]


@pytest.mark.parametrize("text", ["Mme Claire\tDUPUIS\tc@x.fr", "Claire\t2) Mme DUPUIS\tc@x.fr"])
def test_title_of_address_in_the_cell_of_one_name_is_dropped(text):
    assert parse_rows(text)[0][:2] == ("Claire", "DUPUIS")


def test_name_that_is_only_a_title_of_address_stays_for_the_contact_to_correct():
    assert parse_rows("Participant\tE-mail\nMme\tc@x.fr")[0][0] == "Mme"


def test_semicolons_separate_cells_where_a_part_has_no_address():
    assert parse_rows("Ana;Silva;Ana Silva <ana@x.fr>;guest") == [("Ana", "Silva", "ana@x.fr", "guest")]


@pytest.mark.parametrize(
    ("text", "ignored"),
    [
        ("Prénom\tNom\tE-mail\tTarif\nAna\tSilva\tana@x.fr\tInvité", ["Tarif"]),
        ("Prénom\tNom\tE-mail\nAna\tSilva\tana@x.fr", []),
        ("Ana\tSilva\tana@x.fr\tInvité", []),
        ("Ana\tSilva\tana@x.fr\tInvité\tDîner", []),
        ("1\tMme\tAna\tSilva\tDSI\tana@x.fr\tInvité\tLyon", ["1", "Mme", "DSI", "Lyon"]),
        ("Prénom\tNom\tE-mail\t\nAna\tSilva\tana@x.fr\tVégétarien", ["Végétarien"]),
    ],
)
def test_columns_that_are_not_read_are_listed(text, ignored):
    assert list_ignored_columns(text, TICKETS, ADDONS) == ignored


def test_addons_without_a_heading_are_recognized_by_their_names():
    text = "Iris\tMorel\tiris@x.fr\tInvité\tDîner\nAna\tSilva\tana@x.fr\tInvité\t"

    [iris, ana] = parse_pasted_rows(text, TICKETS, ADDONS)

    assert iris["addons"] == ["dinner"]
    assert ana["addons"] == []
