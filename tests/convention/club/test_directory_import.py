"""Directory imports: changes, errors by row, pages, the command, and undoing."""

import csv
import datetime
import io
from functools import partial

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from lxml import html

from convention.audit.models import AuditEntry
from convention.club.directory_import.import_directory import import_directory, preview_directory_import
from convention.club.directory_import.preview import MAX_NAMES_SHOWN
from convention.club.directory_import.undo import (
    DirectoryUndoRefused,
    clear_old_imports,
    preview_undo,
    undo_directory_import,
)
from convention.club.models import (
    Company,
    CompanyRole,
    DirectoryImport,
    Employment,
    Market,
    Membership,
    Person,
    Seat,
)
from convention.club.periods import count_max_concurrent
from convention.club.permissions import get_companies_of_contact, get_member_company
from convention.club.seats import NoSeatLeft, get_span, give_seat
from convention.errors import UnreadableFile
from convention.tables.files import read_table
from convention.tables.row_errors import InvalidRows
from registrations.models import Registration
from tests.factories import (
    START_OF_2020,
    make_administrator,
    make_company,
    make_event,
    make_member,
    make_person,
    make_registration,
)
from tests.threads import run_in_threads

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate
ONE_DAY = datetime.timedelta(days=1)


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


LIST = """\
Entreprise;SIREN;Secteur;Ville;Rôle;Marchés;Prénom;Nom;Courriel;Fonction;Niveau;Siège;Contact
Banque du Lac;732 829 320;Banque;Annecy;adhérent;;Zoé;Müller;zoe@lac.example;DSI;CIO;oui;oui
Banque du Lac;;;;;;Ali;Roi;ali@lac.example;;;oui;
Stockage SA;;;;fournisseur, analyst;stockage;;;;;;;
"""


def import_text(text):
    return import_directory(table=read_table("list.csv", text.encode()), file_name="list.csv")


def import_invalid_text(text):
    with pytest.raises(InvalidRows) as error:
        import_text(text)
    return error.value.rows


@pytest.fixture
def lake():
    Market.objects.create(slug="stockage", name="Stockage", name_en="Storage")
    return make_company(name="Banque du Lac", role=None)


def make_confirmed_membership(company, **terms):
    company.memberships.all().delete()
    return Membership.objects.create(
        company=company, plan=make_company().memberships.get().plan, starts_on=START_OF_2020,
        confirmed_on=START_OF_2020, **terms,
    )  # fmt: skip


def test_import_creates_companies_people_roles_markets_seats_and_contacts(lake):
    make_confirmed_membership(lake, seats=2)
    done = import_text(LIST)

    zoe, ali = Person.objects.get(email="zoe@lac.example"), Person.objects.get(email="ali@lac.example")
    lake.refresh_from_db()
    assert lake.siren == "732829320"
    assert lake.sector == "Banque"
    assert lake.city == "Annecy"
    assert [get_member_company(one) for one in (zoe, ali)] == [lake, lake]
    assert [list(get_companies_of_contact(one)) for one in (zoe, ali)] == [[lake], []]
    assert [(job.title, job.level) for job in zoe.employments.all()] == [("DSI", "cio")]
    assert not zoe.has_usable_password()
    vendor = Company.objects.get(name="Stockage SA")
    assert vendor.slug == "stockage-sa"
    roles = CompanyRole.objects.open().filter(company__in=[lake, vendor])
    assert sorted(roles.values_list("company__name", "role")) == [
        ("Banque du Lac", "member"), ("Stockage SA", "analyst"), ("Stockage SA", "vendor"),
    ]  # fmt: skip
    assert [market.slug for market in vendor.markets.all()] == ["stockage"]
    assert done.new_row_count == 3
    assert done.changed_row_count == 0
    assert done.unchanged_row_count == 0

    again = import_text(LIST)

    assert again.new_row_count == 0
    assert again.changed_row_count == 0
    assert again.unchanged_row_count == 3
    entry = AuditEntry.objects.filter(verb="directory.import").first()
    assert "zoe@lac.example" not in f"{entry.subject}{entry.fields}"


def test_preview_stores_nothing(lake):
    make_confirmed_membership(lake, seats=2)
    done = preview_directory_import(table=read_table("list.csv", LIST.encode())).changes

    assert len(done.created_rows["person"]) == 2
    assert len(done.created_rows["seat"]) == 2
    assert not Person.objects.filter(email__endswith="lac.example").exists()
    assert Seat.objects.count() == 0
    assert DirectoryImport.objects.count() == 0
    assert AuditEntry.objects.count() == 0


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (";;Zoé;M;z@x.example", "Enter the company’s name or SIREN"),
        ("A;12;;;", "Not a valid SIREN"),
        (";732829320;Zoé;M;z@x.example", "Enter its name too"),
        ("A;;;;z@x.example", "nobody in the directory has this address"),
        ("A;;Zoé;M;z@", "“z@” is not an e-mail address"),
        (f"A;;{'x' * 151};M;z@x.example", "at most 150"),
        ("A;;Zoé;M;z@x.example;;;;;;2026-02-30", "is not a date"),
        ("A;;Zoé;M;z@x.example;;;;;;02/01/2026;1/1/2026", "must not be before"),
        ("A;;Zoé;M;z@x.example;chef", "“chef” is not a known value"),
        ("A;;Zoé;M;z@x.example;;maybe", "neither yes nor no"),
        ("A;;Zoé;M;;;;oui", "contacts need it to sign in"),
        ("A;;;;;;oui", "needs a person"),
        ("A;;;;;;;;roi", "“roi” is not a known value"),
        ("A;;;;;;;;;lune", "“lune” is not a known value"),
        ("A;;Zoé;M;z@x.example;;oui", "has no membership"),
        ("Prise;732829320;;;", "a different SIREN"),
        ("Prise;;Zoé;M;gone@x.example", "account is closed"),
        ("Prise;;Ana;S;here@x.example", "Record the change of employer"),
        ("Prise;;Ana;S;former@x.example;;oui;;;;2020-01-01;2020-02-01", "has ended"),
    ],
)
def test_error_is_reported_at_its_row(row, said):
    make_company(name="Prise", role=None, siren="404833048")
    make_person(email="gone@x.example", is_active=False)
    make_member(make_company(), email="here@x.example")
    header = "company;siren;first_name;last_name;email;level;seat;contact;roles;markets;from;to\n"

    [(number, sentence)] = import_invalid_text(f"{header}B;;;;\n{row}\n")

    assert number == 3, sentence
    assert said in sentence, sentence
    assert not Company.objects.filter(name__in=["A", "B"]).exists()


def test_all_errors_are_reported_at_once(lake):
    make_confirmed_membership(lake, seats=1)
    rows = import_invalid_text(
        "company,first_name,last_name,email,seat\n"
        "Banque du Lac,Zoé,M,zoe@x.example,yes\n"
        "Banque du Lac,Ali,R,ali@x.example,yes\n"
        "Banque du Lac,Zoé,M,zoe@x.example,yes\n"
        ",,,,yes\n"
    )

    assert [number for number, _sentence in rows] == [4, 5, 5]
    assert Person.objects.filter(email__endswith="x.example").count() == 0


def test_seats_beyond_limit_are_reported_by_row_and_nothing_is_stored(lake):
    make_confirmed_membership(lake, seats=2)
    rows = "".join(f"Banque du Lac,P{n},M,p{n}@x.example,yes\n" for n in range(5))

    found = import_invalid_text(f"company,first_name,last_name,email,seat\n{rows}")

    assert [number for number, _sentence in found] == [4, 5, 6]
    assert Seat.objects.count() == 0
    assert Employment.objects.count() == 0


def test_a_table_without_a_company_column_is_refused():
    with pytest.raises(UnreadableFile, match="Missing columns: Company"):
        import_text("first_name,last_name\nZoé,M\n")


def test_known_person_is_updated_and_end_of_employment_ends_seat(lake):
    make_confirmed_membership(lake, seats=5)
    ana = make_member(lake, first_name="Ana", last_name="Silva", email="ana@lac.example")
    named = make_person(email=None, first_name="Éric", last_name="Sans")
    Employment.objects.create(person=named, company=lake, starts_on=START_OF_2020)
    last = TODAY() + 9 * ONE_DAY

    done = import_text(
        "company,first_name,last_name,email,function,until\n"
        f"banque du lac,ANA,Silva-Roi,Ana@lac.example,RSSI,{last}\n"
        "Banque du Lac,eric,sans,eric@lac.example,,\n"
    )

    ana.refresh_from_db()
    named.refresh_from_db()
    assert ana.first_name == "Ana"
    assert ana.last_name == "Silva-Roi"
    assert ana.employments.get().title == "RSSI"
    assert named.email == "eric@lac.example"
    assert named.first_name == "Éric"
    assert ana.seats.get().ends_on == ana.employments.get().ends_on == last
    assert done.new_row_count == 0
    assert done.changed_row_count == 2

    undo_directory_import(import_record=done.import_record)

    ana.refresh_from_db()
    named.refresh_from_db()
    assert ana.last_name == "Silva"
    assert ana.employments.get().ends_on is None
    assert named.email is None


def test_importing_exported_list_changes_nothing(client, lake):
    make_confirmed_membership(lake, seats=5)
    import_text(LIST)
    client.force_login(make_administrator())

    text = client.get("/organize/club/lists/people.csv").content.decode("utf-8-sig")

    assert len(list(csv.reader(io.StringIO(text)))) == 3

    again = import_text(text)

    assert again.new_row_count == 0
    assert again.changed_row_count == 0
    assert again.unchanged_row_count == 2


def test_undo_removes_created_rows_unless_in_use(lake):
    make_confirmed_membership(lake, seats=5)
    run = import_text(LIST).import_record
    zoe = Person.objects.get(email="zoe@lac.example")
    make_registration(person=zoe)

    preview = preview_undo(run)

    assert [(name, str(why)) for name, why in preview.named_skipped_rows] == [
        ("Zoé Müller", "in use since the import (registration)")
    ]

    undo_directory_import(import_record=run)

    assert get_member_company(zoe) == lake
    assert not Person.objects.filter(email="ali@lac.example").exists()
    assert not Company.objects.filter(name="Stockage SA").exists()
    lake.refresh_from_db()
    assert lake.siren == ""
    assert lake.city == ""
    with pytest.raises(DirectoryUndoRefused):
        undo_directory_import(import_record=run)


def test_undo_preview_query_count_does_not_grow_with_list():
    counts = []
    for people in (2, 60):
        rows = "".join(f"Firme {people},Ana,N{n},ana{n}@f{people}.example\n" for n in range(people))
        run = import_text(f"company,first_name,last_name,email\n{rows}").import_record
        with CaptureQueriesContext(connection) as asked:
            assert len(preview_undo(run).removed_keys["person"]) == people
        counts.append(len(asked))

    assert counts[0] == counts[1]


def test_undo_leaves_seat_of_known_person_if_used_since(lake):
    make_confirmed_membership(lake, seats=5)
    before, works, idle, came_before = (
        make_person(email=f"{name}@lac.example", first_name=name, last_name="Roi")
        for name in ("came", "works", "idle", "earlier")
    )
    make_registration(person=came_before)
    Registration.objects.update(created_at=timezone.now() - ONE_DAY)
    rows = [
        f"Banque du Lac;{person.first_name};Roi;{person.email};oui"
        for person in Person.objects.order_by("pk")
    ]
    run = import_text("\n".join(["Entreprise;Prénom;Nom;Courriel;Siège", *rows, ""])).import_record
    make_registration(person=before)

    make_event().roles.create(person=works, role="desk", starts_on=TODAY())

    assert sorted(preview_undo(run).named_skipped_rows) == [
        (str(before.seats.get()), "this person has registered or been given a role since the import"),
        (str(works.seats.get()), "this person has registered or been given a role since the import"),
    ]

    undo_directory_import(import_record=run)
    people = (before, works, idle, came_before)

    assert [get_member_company(person) for person in people] == [lake, lake, None, None]


def test_undo_leaves_the_new_company_of_a_known_person_who_registered_since():
    ana = make_person(email="ana@nuage.example", first_name="Ana", last_name="Silva")
    run = import_text("company,last_name,email\nNuage,Silva,ana@nuage.example\n").import_record
    make_registration(person=ana)

    undo_directory_import(import_record=run)

    assert [job.company.name for job in ana.employments.all()] == ["Nuage"]


def test_undo_leaves_rows_that_changed_since_the_import(lake):
    make_confirmed_membership(lake, seats=5)
    run = import_text(LIST).import_record
    vendor = Company.objects.get(name="Stockage SA")
    make_member(vendor)
    seat = Seat.objects.get(person__email="ali@lac.example")
    Seat.objects.filter(pk=seat.pk).update(ends_on=TODAY())
    Company.objects.filter(pk=lake.pk).update(city="Chambéry")

    done = undo_directory_import(import_record=run)

    lake.refresh_from_db()
    assert lake.city == "Chambéry"
    assert Company.objects.filter(pk=vendor.pk).exists()
    assert list(vendor.markets.all()) == []
    assert Person.objects.filter(email="ali@lac.example").exists()
    assert not Person.objects.filter(email="zoe@lac.example").exists()
    assert len(done.skipped_rows) == 3


def test_undo_data_is_deleted_after_thirty_days(lake):
    make_confirmed_membership(lake, seats=5)
    run = import_text(LIST).import_record

    clear_old_imports()

    run.refresh_from_db()
    assert run.can_be_undone

    DirectoryImport.objects.update(imported_at=timezone.now() - datetime.timedelta(days=31))
    clear_old_imports()

    run.refresh_from_db()
    assert run.created_keys == {}
    assert run.values_before == {}
    assert run.values_after == {}
    assert not run.can_be_undone


def test_page_checks_maps_imports_and_undoes_list(client, lake):
    make_confirmed_membership(lake, seats=5)
    client.force_login(make_administrator())
    at = "/organize/club/import/"
    text = LIST.replace("Fonction", "Chose")

    page = client.post(at, {"file": SimpleUploadedFile("l.csv", text.encode()), "check": "1"})

    assert len(page.context["preview"].created_rows["seat"]) == 2
    assert Seat.objects.count() == 0

    picks = {f"column-{column.index}": column.field_name for column in page.context["columns"]}
    chosen = {**picks, "column-9": "title", "checked": page.context["checked_text"], "name": "l.csv"}

    assert client.post(at, chosen)["Location"] == "/organize/club/imports/"
    run = DirectoryImport.objects.get()
    assert run.file_name == "l.csv"
    assert run.mapping["chose"] == "title"
    assert Employment.objects.get(title="DSI").level == "cio"
    undo = f"/organize/club/imports/{run.pk}/undo/"
    assert client.get(undo).context["preview"].has_changes

    client.post(undo)

    assert Employment.objects.count() == 0

    wrong = client.post(at, {"file": SimpleUploadedFile("l.xlsx", b"PK\x03nothing"), "check": "1"})

    assert list(wrong.context["form"].errors) == ["file"]


def read_preview(client, text):
    """Return the preview page of a list as an HTML tree."""
    upload = SimpleUploadedFile("list.csv", text.encode())
    return html.fromstring(client.post("/en/organize/club/import/", {"file": upload, "check": "1"}).text)


def test_preview_names_new_companies_and_each_changed_value(client, lake):
    client.force_login(make_administrator())
    make_member(make_company(name="Rive"), first_name="Ana", last_name="Silva", email="ana@rive.example")

    page = read_preview(
        client,
        "company,city,first_name,last_name,email,level\n"
        "Rive,Annecy,Ana,Silva-Roi,ana@rive.example,cio\n"
        "Nimbus Cloud,,Zoé,Müller,zoe@nimbus.example,\n",
    )
    lists = {
        details.findtext("summary"): details.xpath("./ul/li/text()")
        for details in page.xpath("//main//details[ul]")
    }
    changes = [
        [" ".join(cell.text_content().split()) for cell in row]
        for row in page.xpath("//main//details/table/tbody/tr")
    ]

    assert lists["New companies (1)"] == ["Nimbus Cloud"]
    assert lists["New people (1)"] == ["Zoé Müller, Nimbus Cloud"]
    assert ["Rive", "City", "(empty)", "Annecy"] in changes
    assert ["Ana Silva-Roi", "Last name", "Silva", "Silva-Roi"] in changes
    assert ["Ana Silva-Roi, Rive", "Level", "(empty)", "CIO"] in changes


def test_preview_of_a_long_list_shows_the_first_names(client):
    client.force_login(make_administrator())
    rows = "\n".join(f"Société {number}" for number in range(MAX_NAMES_SHOWN + 1))

    page = read_preview(client, f"company\n{rows}\n")
    details = page.xpath("//main//details[ul]")[0]

    assert details.findtext("summary") == f"New companies ({MAX_NAMES_SHOWN + 1})"
    assert len(details.xpath("./ul/li")) == MAX_NAMES_SHOWN + 1
    assert details.xpath("./ul/li/text()")[-1] == "…"


def test_club_import_command_previews_imports_and_reports_errors(lake, tmp_path, capsys):
    make_confirmed_membership(lake, seats=5)
    file = tmp_path / "list.csv"
    file.write_text(LIST.replace("Fonction", "Chose"))
    call_command("club_import", file, dry_run=True)
    call_command("club_import", file, map=["Chose=title"])

    said = capsys.readouterr()

    assert said.out.startswith("Preview only, nothing was saved: New companies: 1, people: 2, seats: 2.")
    assert said.err.count("Chose") == 1
    assert Employment.objects.filter(title="DSI").count() == 1

    file.write_text("company,siren\nA,12\n")

    with pytest.raises(SystemExit) as ended:
        call_command("club_import", file)
    assert ended.value.code == 2
    assert "Row 2" in capsys.readouterr().err


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_concurrent_imports_and_contacts_do_not_exceed_seat_limit(lake):
    membership = make_confirmed_membership(lake, seats=4)
    people = [make_person() for _each in range(6)]
    for person in people:
        Employment.objects.create(person=person, company=lake, starts_on=START_OF_2020)
    lists = [
        f"company,first_name,last_name,email,seat\nBanque du Lac,N{n},M,n{n}@x.example,yes\n"
        for n in range(4)
    ]
    jobs = [partial(give_seat, membership=membership, person=person) for person in people]
    jobs += [partial(import_text, text) for text in lists]

    outcomes = run_in_threads(jobs, threads=10)

    assert count_max_concurrent(map(get_span, Seat.objects.all())) == 4
    assert sum(isinstance(outcome, NoSeatLeft | InvalidRows) for outcome in outcomes) == 6
