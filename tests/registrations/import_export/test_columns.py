"""Column mapping of imported lists: guessed, chosen on the page or by the command, and remembered."""

from pathlib import Path

import pytest
from django.test import Client
from django.utils import translation
from lxml import html

from convention.errors import SoldOut, UnreadableFile
from convention.events.models import Event
from convention.tables.columns import apply_column_maps, split_full_name
from convention.tables.files import read_table
from convention.tables.row_errors import InvalidRows
from registrations.import_export.columns import guess_header_fields
from registrations.import_export.import_registrations import import_registrations, load_known_mapping
from registrations.models import Addon, ImportRun, QuestionOption, Registration
from tests.factories import (
    make_addon,
    make_event,
    make_order,
    make_question,
    make_registration,
    make_ticket,
)
from tests.registrations.import_export.test_import import import_csv
from tests.registrations.import_export.test_import_page import IMPORT, upload_list

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Zoé Müller", ("Zoé", "Müller")), ("MÜLLER Zoé", ("Zoé", "MÜLLER")),
        ("Müller, Zoé", ("Zoé", "Müller")),
        ("Jean de La Fontaine", ("Jean", "de La Fontaine")), ("Cher", ("Cher", "")), ("", ("", "")),
        ("LE GALL Anne Marie", ("Anne Marie", "LE GALL")), ("ANA SILVA", ("ANA", "SILVA")),
    ],
)  # fmt: skip
def test_full_name_is_split(text: str, names: tuple[str, str]):
    assert split_full_name(text) == names


def test_each_field_is_guessed_once_and_remembered_mapping_wins():
    header = ["Prénom", "Nom", "Name", "Remarque", "Mél."]

    assert guess_header_fields(header, [], []) == ["first_name", "last_name", "", "", ""]

    before = {"mel.": "email", "nom": "", "name": "last_name", "remarque": "question:gone"}

    assert guess_header_fields(header, [], [], before) == ["first_name", "", "last_name", "", "email"]


@pytest.mark.parametrize(
    ("said", "wrong"), [("Rang=email", "Rang"), ("Nom=colour", "colour"), ("email", "email"), ("=email", "=")]
)
def test_invalid_mapping_is_refused_and_named(said: str, wrong: str):
    with pytest.raises(UnreadableFile, match=wrong):
        apply_column_maps(
            ["Prénom", "Nom"], ["first_name", "last_name"], [said], ["first_name", "last_name", "email"]
        )


@pytest.fixture
def congress() -> Event:
    event = make_event(slug="congress")
    guest = make_ticket(event, is_default=True, price=12_000)
    make_addon(event, slug="dinner", name="Dîner", capacity=2, price=4_500).tickets.add(guest)
    make_question(event, "diet", options=[("vegan", 1), "all"], kind="diet")
    make_question(event, "size", kind="text")
    return event


FULL_LIST = (
    "Qui;E-mail;En plus;Diet;Size;Bon de commande;Pas de photographie\n"
    "MÜLLER Zoé;z@example.org;dîner;vegan;XL;PO 7;oui\n"
)


def import_mapped(event: Event, text: str = FULL_LIST):
    picks = ["full_name", "email", "addons", "question:diet", "question:size", "purchase_order", "no_photo"]
    table = read_table("x.csv", text.encode())
    return import_registrations(event=event, table=table, chosen_fields=picks, file_name="x.csv")


def test_addons_answers_and_purchase_orders_are_imported(congress: Event):
    import_mapped(congress)

    zoe = Registration.objects.get()
    assert zoe.first_name == "Zoé"
    assert zoe.last_name == "MÜLLER"
    assert zoe.no_photo
    assert zoe.answers == {"diet": ["vegan"], "size": "XL"}
    assert zoe.order.purchase_order == "PO 7"
    assert zoe.order.total == 16_500
    assert [str(addon.addon) for addon in zoe.active_addons] == ["Dîner"]
    assert Addon.objects.get().reserved == 1
    assert QuestionOption.objects.get(slug="vegan").reserved == 1

    again = import_mapped(congress)

    assert len(again.new_registrations) == 0
    assert len(again.changed_registrations) == 0
    assert again.unchanged_count == 1
    assert again.other_addons_count == 0

    import_mapped(congress, FULL_LIST.replace("vegan", "all"))

    assert QuestionOption.objects.get(slug="vegan").reserved == 0
    with pytest.raises(SoldOut):
        import_mapped(congress, FULL_LIST + "A B;a@example.org;dîner;vegan;;;\nC D;c@example.org;dîner;;;;\n")


ADDON_LIST = "Prénom;Nom;E-mail;DINER\nZoé;Müller;z@example.org;Oui\nAda;Byron;a@example.org;{cell}\n"


@pytest.mark.parametrize("cell", ["non", "0", ""])
def test_a_column_named_after_an_addon_says_who_wants_it(congress: Event, cell: str):
    import_csv(congress, ADDON_LIST.format(cell=cell))

    chosen = {
        registration.first_name: [addon.addon.slug for addon in registration.active_addons]
        for registration in Registration.objects.all()
    }
    assert chosen == {"Zoé": ["dinner"], "Ada": []}


def test_unclear_cell_in_the_column_of_an_addon_is_an_error_of_its_row(congress: Event):
    with pytest.raises(InvalidRows) as refused, translation.override("en"):
        import_csv(congress, ADDON_LIST.format(cell="maybe"))

    assert refused.value.rows == [(3, "Dinner: “maybe” is neither yes nor no.")]
    assert not Registration.objects.exists()


def test_addon_that_the_add_ons_column_names_too_is_booked_once(congress: Event):
    import_csv(congress, "Prénom;Nom;Options;Dîner\nZoé;Müller;dîner;x\n")

    assert Addon.objects.get().reserved == 1


def test_invalid_cells_are_reported_by_row(congress: Event):
    with pytest.raises(InvalidRows) as refused:
        import_mapped(congress, FULL_LIST.replace("oui", "peut-être"))
    assert [row for row, _sentence in refused.value.rows] == [2]
    with pytest.raises(InvalidRows) as refused:
        import_mapped(congress, FULL_LIST.replace("dîner;vegan", "piscine;paleo"))
    assert [row for row, _sentence in refused.value.rows] == [2]
    assert not Registration.objects.exists()


def test_importing_exported_list_changes_nothing(congress: Event, organizer: Client):
    import_mapped(congress)
    guest = congress.tickets.get()
    make_registration(guest, order=make_order(congress, email="evil@example.net"), email="z@example.org")
    make_registration(guest, email="", first_name="", last_name="", company="")
    make_registration(guest, cancelled_at=congress.starts_at)
    before = list(Registration.objects.order_by("pk").values())

    for kind in ("csv", "xlsx"):
        content = organizer.get(f"/organize/congress/registrations.{kind}").content
        done = import_registrations(event=congress, table=read_table("x", content))
        assert len(done.new_registrations) == 0
        assert len(done.changed_registrations) == 0
        assert done.unchanged_count == 4
        assert done.adopted_orders == {}

    assert list(Registration.objects.order_by("pk").values()) == before


def test_reference_identifies_registration_and_another_address_is_refused(congress: Event):
    one = make_registration(congress.tickets.get(), email="z@example.org")

    text = f"reference,first_name,last_name,email\n{one.reference},Zora,Müller,"
    assert len(import_csv(congress, text + "z@example.org\n").changed_registrations) == 1
    with pytest.raises(InvalidRows):
        import_csv(congress, text + "other@example.org\n")


def test_page_maps_columns_and_remembers_mapping(organizer: Client, congress: Event, tmp_path):
    page = upload_list(organizer, tmp_path, "Teilnehmer,Mail\nZoé Müller,z@example.org\n")

    assert page.xpath("//*[@id='error-summary']") != []

    form = dict(page.xpath("//form[@id='columns']")[0].form_values())

    assert form["column-0"] == ""
    assert form["column-1"] == "email"
    assert form["name"] == "list.csv"

    form |= {"column-0": "full_name", "check": "1"}
    good = html.fromstring(organizer.post(IMPORT, form).content)

    assert good.xpath("//select[@name='column-0']/option[@selected]/@value") == ["full_name"]

    form = dict(good.xpath("//form[@id='columns']")[0].form_values())

    assert organizer.post(IMPORT, form).status_code == 302
    assert Registration.objects.get().last_name == "Müller"
    run = ImportRun.objects.get()
    assert run.file_name == "list.csv"
    assert run.created_count == 1
    assert run.mapping == {"teilnehmer": "full_name", "mail": "email"}
    assert load_known_mapping(congress) == run.mapping
    assert import_csv(congress, "Teilnehmer,Mail\nZoé Müller,z@example.org\n").unchanged_count == 1


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_command_maps_columns(command, tmp_path: Path):
    event = make_event(slug="congress")
    make_ticket(event, is_default=True)
    file = tmp_path / "list.csv"
    file.write_text("Kolumne,Nom,Rang\nZoé,Müller,1\n")
    maps = ["--map", "Kolumne=first_name", "--map", "Rang=ignore"]

    done = command("registrations_import", "congress", str(file), *maps)

    assert done.returncode == 0
    assert Registration.objects.get().name == "Zoé Müller"

    refused = command("registrations_import", "congress", str(file), "--map", "Rang=colour")

    assert refused.returncode == 2
    assert "colour" in refused.stderr


def test_column_ignored_last_time_is_named_on_the_page(organizer: Client, congress: Event, tmp_path):
    ImportRun.objects.create(event=congress, mapping={"mail": ""})

    page = upload_list(organizer, tmp_path, "Nom complet,Mail\nZoé Müller,z@example.org\n")

    [cell] = page.xpath("//td[select[@name='column-1']]")
    assert cell.xpath("select/option[@selected]/@value") == []
    assert cell.xpath("select/@aria-describedby") == cell.xpath("span/@id") == ["ignored-1"]


def test_column_of_a_new_question_is_recognized_although_it_was_not_used_before(
    organizer: Client, congress: Event, tmp_path
):
    import_csv(congress, "Nom complet,Taille\nZoé Müller,M\n")
    make_question(congress, "badge-size", text="Taille", kind="text")

    page = upload_list(organizer, tmp_path, "Nom complet,Taille\nZoé Müller,M\n")

    assert page.xpath("//select[@name='column-1']/option[@selected]/@value") == ["question:badge-size"]
