"""Import of registrations, by function and by command."""

import csv
import io
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from django_tasks_db.models import DBTaskResult

from convention.audit.models import AuditEntry
from convention.errors import SoldOut, UnreadableFile
from convention.events.models import Event
from convention.tables.files import read_table, write_xlsx
from convention.tables.row_errors import InvalidRows
from convention.tasks.queue_names import MAIL_QUEUE
from registrations.import_export.import_registrations import import_registrations, preview_import
from registrations.models import CompanyShare, Order, Registration
from registrations.permissions import make_own_secret
from tests.factories import make_company, make_event, make_member, make_order, make_registration, make_ticket
from tests.workbooks import sheet_names

pytestmark = pytest.mark.django_db


@pytest.fixture
def event() -> Event:
    event = make_event(slug="congress")
    make_ticket(event, is_default=True, price=12_000)
    make_ticket(event, slug="press", name="Presse", name_en="Press", capacity=2)
    return event


def import_csv(event: Event, text: str):
    return import_registrations(event=event, table=read_table("list.csv", text.encode()))


def test_new_people_get_one_order_each(event: Event):
    done = import_csv(
        event, "first_name,last_name,email,company,ticket\nZoé,Müller,z@example.org,Acme,\nA,B,,,press\n"
    )

    assert (
        str(done)
        == "Nouvelles inscriptions\u202f: 2\u202f; mises à jour\u202f: 0\u202f; inchangées\u202f: 0."
    )
    zoe = Registration.objects.get(email="z@example.org")
    assert zoe.name == "Zoé Müller"
    assert zoe.company == "Acme"
    assert zoe.ticket.slug == "guest"
    assert zoe.state == "confirmed"
    assert zoe.order.total == 12_000
    assert zoe.order.source == "import"
    assert zoe.order.email == "z@example.org"
    assert [t.reserved for t in event.tickets.order_by("slug")] == [1, 1]
    event.refresh_from_db()
    assert set(Registration.objects.values_list("sequence", flat=True)) == {event.sequence} == {1}
    assert AuditEntry.objects.get().verb == "registration.import"


@pytest.mark.parametrize(
    "header",
    ["Prénom;Nom;Adresse e-mail;Société;Billet", "PRENOM;NOM DE FAMILLE;Courriel;Entreprise;Type de billet",
     "First Name;Surname;E-Mail;Organisation;Category"],
)  # fmt: skip
def test_headers_in_either_language_are_recognized(event: Event, header: str):
    import_csv(event, f"{header};Remarks\nZoé;Müller;z@example.org;Acme;presse;x\n")

    found = Registration.objects.get()
    assert found.name == "Zoé Müller"
    assert found.email == "z@example.org"
    assert found.company == "Acme"
    assert found.ticket.slug == "press"


def test_registration_with_known_address_is_updated(event: Event):
    guest = event.tickets.get(slug="guest")
    known = make_registration(guest, order=make_order(event, email="z@example.org"), email="Z@example.org")

    done = import_csv(event, "first_name,last_name,email,company,ticket\nZoé,Müller,z@EXAMPLE.org,,press\n")

    known.refresh_from_db()
    assert len(done.new_registrations) == 0
    assert len(done.changed_registrations) == 1
    assert known.name == "Zoé Müller"
    assert known.company == "Acme"
    assert known.ticket.slug == "press"
    assert known.badge_version == 1
    assert [t.reserved for t in event.tickets.order_by("slug")] == [0, 1]
    assert Registration.objects.search_for("zoe muller").get() == known


def test_importing_same_list_twice_changes_nothing(event: Event):
    text = "first_name,last_name,email\nZoé,Müller,z@example.org\n"
    import_csv(event, text)

    done = import_csv(event, text)

    assert len(done.new_registrations) == 0
    assert len(done.changed_registrations) == 0
    assert done.unchanged_count == 1


def test_registration_in_order_of_stranger_is_not_updated(event: Event, client: Client):
    guest = event.tickets.get(slug="guest")
    theirs = make_registration(
        guest, order=make_order(event, email="evil@example.net"), email="z@example.org"
    )

    text = "first_name,last_name,email,ticket\nStella,Star,z@example.org,press\n"
    assert len(import_csv(event, text).new_registrations) == 1
    theirs.refresh_from_db()
    assert theirs.name == "Zoé Müller"
    assert theirs.ticket == guest
    assert "Stella" not in client.get(theirs.order.manage_path).content.decode()
    stella = Registration.objects.get(first_name="Stella")
    assert stella.order.email == "z@example.org"
    assert stella.ticket.slug == "press"
    assert import_csv(event, text).unchanged_count == 1


def test_verified_or_imported_registration_is_updated_in_any_order(event: Event):
    guest, buyer = event.tickets.get(slug="guest"), "assistant@example.org"
    make_registration(
        guest,
        order=make_order(event, email=buyer),
        email="a@example.org",
        person=make_member(email="a@example.org"),
    )
    imported = make_order(event, email=buyer, source="import")
    make_registration(guest, order=imported, email="b@example.org")

    done = import_csv(event, "first_name,last_name,email\nAna,A,a@example.org\nBob,B,b@example.org\n")

    assert len(done.new_registrations) == 0
    assert len(done.changed_registrations) == 2
    assert done.adopted_orders == {}


LISTED = "first_name,last_name,email\nStella,Star,z@example.org\n"


def make_order_by_stranger(event: Event, **fields) -> Registration:
    """Return a registration that a stranger ordered with the address of the person on the list."""
    order = make_order(event, email="z@example.org", **fields)
    return make_registration(event.tickets.get(slug="guest"), order=order, email="z@example.org")


def test_import_replaces_link_of_order_placed_with_unverified_address(
    event: Event, client: Client, run_tasks, mailoutbox
):
    theirs = make_order_by_stranger(event)
    links = [
        theirs.order.build_path_with(secret)
        for secret in (theirs.order.manage_secret, make_own_secret(theirs))
    ]

    assert [client.get(link).status_code for link in links] == [200, 200]

    done = import_csv(event, LISTED)

    assert str(done).partition(". ")[2].replace("\u202f", " ") == (
        "1 commande a été passée avec une adresse jamais vérifiée : l’acheteur reçoit un nouveau lien "
        "par e-mail, et l’ancien cesse de fonctionner."
    )
    assert [client.get(link).status_code for link in links] == [404, 404]
    assert AuditEntry.objects.filter(verb="order.renew_link").count() == 1

    run_tasks()
    [message] = mailoutbox

    order = Order.objects.get()
    assert message.to == ["z@example.org"]
    assert order.manage_url in message.body
    assert "Stella Star" in client.get(order.manage_path).content.decode()


def test_importing_list_again_does_not_replace_link_again(event: Event, run_tasks, mailoutbox):
    make_order_by_stranger(event)
    import_csv(event, LISTED)
    secret = Order.objects.get().manage_secret

    again = import_csv(event, LISTED)

    assert len(again.new_registrations) == 0
    assert len(again.changed_registrations) == 0
    assert again.unchanged_count == 1
    assert again.adopted_orders == {}

    run_tasks()

    assert Order.objects.get().manage_secret == secret
    assert len(mailoutbox) == 1


def test_import_without_changes_replaces_link_too(event: Event):
    """Otherwise a stranger could still cancel a registration on the organizer's list."""
    order = make_order_by_stranger(event).order
    done = import_csv(event, "first_name,last_name,email\nZoé,Müller,z@example.org\n")

    assert done.unchanged_count == 1
    assert list(done.adopted_orders) == [order.pk]
    assert Order.objects.get().manage_secret != order.manage_secret


def test_mails_about_an_imported_list_delay_no_confirmation(event: Event):
    make_order_by_stranger(event)
    DBTaskResult.objects.all().delete()

    import_csv(event, LISTED)

    assert set(DBTaskResult.objects.values_list("queue_name", flat=True)) == {MAIL_QUEUE}


def test_repeated_api_order_does_not_disclose_new_link(event: Event, client: Client):
    person = {"ticket": "press", "first_name": "S", "last_name": "S", "email": "z@example.org"}
    body = {"email": "z@example.org", "registrations": [person]}

    def ordered() -> str:
        path, key = "/api/v1/events/congress/orders/", {"Idempotency-Key": "1"}
        return client.post(path, body, "application/json", headers=key).json()["reference"]

    first = ordered()
    assert ordered() == first
    import_csv(event, LISTED)
    assert ordered() != first


def test_preview_replaces_no_link_and_sends_no_mail(event: Event, run_tasks, mailoutbox):
    secret = make_order_by_stranger(event).order.manage_secret
    done = preview_import(event=event, table=read_table("x", LISTED.encode()))

    run_tasks()

    assert len(done.adopted_orders) == 1
    assert Order.objects.get().manage_secret == secret
    assert mailoutbox == []


@pytest.mark.parametrize("source", ["desk", "import"])
def test_order_from_desk_or_import_keeps_link(event: Event, source: str):
    secret = make_order_by_stranger(event, source=source).order.manage_secret

    assert import_csv(event, LISTED).adopted_orders == {}
    assert Order.objects.get().manage_secret == secret


@pytest.mark.parametrize("alike", ["z@firm-riſk.example", "z@fırm-risk.example"])
def test_lookalike_address_is_another_person(event: Event, alike: str):
    make_registration(event.tickets.get(slug="guest"), order=make_order(event, email=alike), email=alike)
    done = import_csv(event, "first_name,last_name,email\nZoé,Müller,z@firm-risk.example\n")

    assert len(done.new_registrations) == 1
    assert len(done.changed_registrations) == 0


def test_shared_address_requires_matching_name(event: Event):
    guest = event.tickets.get(slug="guest")
    order = make_order(event, email="desk@example.org")
    make_registration(guest, order=order, email="desk@example.org", first_name="Ana", last_name="A")
    bob = make_registration(guest, order=order, email="desk@example.org", first_name="Bob", last_name="B")

    import_csv(event, "first_name,last_name,email,company\nBob,B,desk@example.org,Acme 2\n")

    bob.refresh_from_db()
    assert bob.company == "Acme 2"
    with pytest.raises(InvalidRows):
        import_csv(event, "first_name,last_name,email\nCleo,C,desk@example.org\n")


def test_errors_are_reported_by_row_and_nothing_is_imported(event: Event):
    long = "x" * 301

    with pytest.raises(InvalidRows) as refusal:
        import_csv(
            event,
            "first_name,last_name,email,ticket\nA,B,a@example.org,\n,,c@example.org,\nC,D,nobody,\n"
            f"E,F,e@example.org,gold\n{long},G,,\nH,I,a@example.org,\n",
        )
    assert [row for row, _sentence in refusal.value.rows] == [3, 4, 5, 6, 7]
    assert not Order.objects.exists()


def test_import_of_more_people_than_places_is_refused(event: Event):
    with pytest.raises(SoldOut):
        import_csv(event, "first_name,last_name,ticket\nA,B,press\nC,D,press\nE,F,press\n")
    assert not Registration.objects.exists()


def test_list_without_required_columns_is_refused(event: Event):
    with (
        translation.override("en"),
        pytest.raises(UnreadableFile, match="Missing columns: First name, Last name"),
    ):
        import_csv(event, "who,mail\nA,a@example.org\n")


def test_imported_members_count_towards_company_cap(event: Event):
    company = make_company()
    make_member(company, email="m@example.org")
    make_ticket(event, slug="member", audience="member", company_cap=1)

    import_csv(event, "first_name,last_name,email,ticket\nM,M,m@example.org,member\n")

    found = Registration.objects.get()
    assert found.member_of == company
    assert found.person is None
    assert found.state == "confirmed"
    assert CompanyShare.objects.get().reserved == 1


def test_imported_member_without_company_gets_name_of_employer(event: Event):
    company = make_company()
    make_member(company, email="m@example.org")
    make_ticket(event, slug="member", audience="member")

    import_csv(event, "first_name,last_name,email,ticket\nM,M,m@example.org,member\n")

    assert Registration.objects.get().company == company.name


def test_preview_stores_nothing(event: Event):
    table = read_table("x", b"first_name,last_name\nA,B\n")

    assert len(preview_import(event=event, table=table).new_registrations) == 1
    assert not Order.objects.exists()
    assert event.tickets.get(slug="guest").reserved == 0


def test_import_of_many_rows_needs_few_queries(event: Event):
    rows = "".join(f"P{n},N{n},p{n}@example.org\n" for n in range(1500))
    with CaptureQueriesContext(
        connection,
    ) as queries:
        import_csv(event, f"first_name,last_name,email\n{rows}")

    assert len(queries) < 40
    assert Registration.objects.count() == 1500


@pytest.mark.once
def test_same_error_in_many_rows_is_reported_once(event: Event, command, tmp_path: Path):
    file = tmp_path / "list.csv"
    rows = [f"P{n},N,p{n}@example.org,{'press' if n == 5 else 'gold'}" for n in range(400)]
    file.write_text("\n".join(["first_name,last_name,email,ticket", *rows, "A,B,nobody,press"]))

    done = command("registrations_import", "congress", str(file))

    assert done.returncode == 2

    lines = done.stderr.replace("\u202f", " ").splitlines()

    assert lines[:2] == [
        "400 erreurs ; rien n’a été importé.",
        "Lignes 2–6, 8–401 : Il n’y a pas de billet « gold ». Vérifiez son nom court.",
    ]
    assert [line.split(" : ")[:2] for line in lines[2:]] == [["Ligne 402", "Adresse e-mail"]]


@pytest.mark.once
def test_incomplete_rows_are_imported_with_warning(event: Event, command, tmp_path: Path):
    file = tmp_path / "list.csv"
    file.write_text("first_name,last_name,email\nAna,A,a@example.org\n,Cher,c@example.org\nBob,B\n\n ,D,\n")
    for options, kept in (["--dry-run"], 0), ([], 4):
        done = command("registrations_import", "congress", str(file), *options)
        assert done.returncode == 0
        assert Registration.objects.count() == kept
        assert done.stderr.replace("\u202f", " ").splitlines() == [
            "Lignes 3, 6 : Le prénom manque.",
            "Ligne 4 : Cette ligne compte moins de cellules qu’il n’y a de colonnes.",
        ]


@pytest.mark.once
def test_command_previews_and_imports_workbook(event: Event, command, tmp_path: Path):
    file = tmp_path / "list.xlsx"
    file.write_bytes(write_xlsx(["Prénom", "Nom", "Rang"], [["Zoé", "Müller", "1"], ["=A1", "B", ""]]))

    rehearsed = command("registrations_import", "congress", str(file), "--dry-run")

    assert rehearsed.returncode == 0
    assert Registration.objects.count() == 0
    told = "Essai : rien n’a été enregistré. Nouvelles inscriptions : 2 ; mises à jour : 0 ; inchangées : 0."
    assert rehearsed.stdout.replace("\u202f", " ").splitlines() == [told]

    done = command("registrations_import", "congress", str(file))

    assert done.returncode == 0
    assert "Rang" in done.stderr
    assert list(Registration.objects.order_by("pk").values_list("first_name", flat=True)) == ["Zoé", "=A1"]


@pytest.mark.once
@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"first_name,last_name,email\nA,B,nobody\n",
        b"\x00\x01",
    ],
)
def test_command_refuses_invalid_file(event: Event, command, tmp_path: Path, content: bytes | None):
    file = tmp_path / "list.csv"
    if content is not None:
        file.write_bytes(content)

    done = command("registrations_import", "congress", str(file))

    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert done.stderr.strip()


@pytest.mark.once
def test_command_refuses_unknown_event(command, tmp_path: Path):
    file = tmp_path / "list.csv"
    file.write_text("first_name,last_name,email\nA,B,a@example.org\n")

    done = command("registrations_import", "nowhere", str(file))

    assert done.returncode == 2
    assert done.stdout == ""
    assert "nowhere" in done.stderr


def test_exported_list_is_imported_without_changes(event: Event, client):
    import_csv(event, "first_name,last_name,email,company\nZoé,Müller,z@example.org,=cmd\n")
    organizer = make_member(is_superuser=True)
    client.force_login(organizer)
    for kind in ("csv", "xlsx"):
        content = client.get(f"/organize/congress/registrations.{kind}").content
        done = import_registrations(event=event, table=read_table("x", content))
        assert len(done.new_registrations) == 0
        assert len(done.changed_registrations) == 0
        assert done.unchanged_count == 1


def test_export_formats_times_and_prices(event: Event, client):
    import_csv(event, "first_name,last_name,email\nZoé,Müller,z@example.org\n")
    client.force_login(make_member(is_superuser=True))
    text = client.get("/organize/congress/registrations.csv").content.decode("utf-8-sig")
    [row] = csv.DictReader(io.StringIO(text))

    local = Registration.objects.get().created_at.astimezone(event.zone)

    assert row["Prix"] == "120.00"
    assert row["Billet"] == "guest"
    assert row["Date d’inscription"] == f"{local:%Y-%m-%d %H:%M}"
    content = client.get("/organize/congress/registrations.xlsx").content
    assert sheet_names(content) == ["Inscriptions"]
