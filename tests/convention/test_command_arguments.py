"""Every command with bad arguments: status 2, one sentence on stderr, and nothing is done."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import execute_from_command_line

from badges.attendance.models import Device
from convention.audit.models import AuditEntry
from convention.events.models import Event
from registrations.models import Registration
from schedule.models import Session
from tests.conftest import ROOT, database_url
from tests.factories import make_event, make_order, make_registration, make_session, make_ticket
from tests.registrations.invoices.factories import make_issuer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]

MISSING_ARGUMENTS = "The following arguments are required: {}."
NO_EVENT = "Il n’y a pas d’événement « nope ». Événements connus : small."
NO_FOLDER = "{} ne peut pas être écrit : il n’y a pas de dossier no."
DISK_FULL = "/dev/full ne peut pas être écrit : il n’y a plus de place."
UNREADABLE = "{} ne peut pas être lu : {}."
UNKNOWN = "Unrecognized arguments: {}."

CASES = {
    # missing or misspelt arguments
    "badges": MISSING_ARGUMENTS.format("EVENT, --output"),
    "codes": MISSING_ARGUMENTS.format("EVENT"),
    "pair": MISSING_ARGUMENTS.format("EVENT"),
    "rebuild_presence": MISSING_ARGUMENTS.format("EVENT"),
    "attendance": MISSING_ARGUMENTS.format("EVENT, --output"),
    "agenda": MISSING_ARGUMENTS.format("EVENT, --output"),
    "schedule_import": MISSING_ARGUMENTS.format("EVENT, FILE"),
    "schedule_export": MISSING_ARGUMENTS.format("EVENT, --format, --output"),
    "registrations_import": MISSING_ARGUMENTS.format("EVENT, FILE"),
    "badges small --outptu a.pdf": MISSING_ARGUMENTS.format("--output"),
    "badges small --output a.pdf --colour": UNKNOWN.format("--colour"),
    "codes small large": UNKNOWN.format("large"),
    "pair small --checkpoint": "Argument --checkpoint: expected one argument.",
    "seed --size enormous": "Argument --size: invalid choice: 'enormous' (choose from small, club, large).",
    "seed --random-seed dice": "Argument --random-seed: invalid int value: 'dice'.",
    "serve --port abc": "Argument --port: “abc” is no port: choose one from 1024 to 65535.",
    "serve --port 70000": "70000 is no port: choose one from 1024 to 65535.",
    "worker --interval soon": "Argument --interval: invalid float value: 'soon'.",
    "schedule_export small --format pdf --output a":
        "Argument --format: invalid choice: 'pdf' "
        "(choose from frab-xml, frab-json, ics, sessionize, csv, xlsx).",
    # unknown event, checkpoint, format or language
    "badges nope --output a.pdf": NO_EVENT,
    "codes nope": NO_EVENT,
    "codes caf\udce9": "Un argument n’est pas lisible comme texte.",
    "pair nope": NO_EVENT,
    "attendance nope --output a.csv": NO_EVENT,
    "agenda nope --output a.pdf": NO_EVENT,
    "schedule_export nope --format ics --output a.ics": NO_EVENT,
    "registrations_import nope list.csv": NO_EVENT,
    "pair small --checkpoint moon":
        "Il n’y a pas de point de contrôle « moon ». "
        "Points de contrôle de cet événement : aucun pour l’instant.",
    "badges small --output a.pdf --layout a0":
        "Option d’impression « a0 » inconnue. Choisissez parmi : a6, a4x4, label, folded.",
    "agenda small --output a.pdf --format scroll":
        "« scroll » n’existe pas en « fr » : choisissez parmi "
        "booklet, card, grid, poster, doors, changes, rooms, chairs, speakers, director, en fr ou en.",
    "agenda small --output a.pdf --language tlh":
        "« booklet » n’existe pas en « tlh » : choisissez parmi "
        "booklet, card, grid, poster, doors, changes, rooms, chairs, speakers, director, en fr ou en.",
    "attendance small --output a.doc":
        "« a.doc » doit se terminer par .csv, .xlsx ou .pdf : l’extension donne le format.",
    # output files that cannot be written
    "badges small --output folder": "folder est un dossier ; indiquez un fichier à écrire.",
    "agenda small --output folder": "folder est un dossier ; indiquez un fichier à écrire.",
    "attendance small --output folder.csv": "folder.csv est un dossier ; indiquez un fichier à écrire.",
    "schedule_export small --format ics --output folder":
        "folder est un dossier ; indiquez un fichier à écrire.",
    "badges small --output no/a.pdf": NO_FOLDER.format("no/a.pdf"),
    "agenda small --output no/a.pdf": NO_FOLDER.format("no/a.pdf"),
    "attendance small --output no/a.csv": NO_FOLDER.format("no/a.csv"),
    "schedule_export small --format ics --output no/a.ics": NO_FOLDER.format("no/a.ics"),
    "badges small --output /dev/full": DISK_FULL,
    "agenda small --output /dev/full": DISK_FULL,
    "schedule_export small --format ics --output /dev/full": DISK_FULL,
    "schedule_export small --format ics --output " + "a" * 300:
        "a" * 300 + " ne peut pas être écrit : le nom est trop long.",
    # input files that cannot be read
    "schedule_import small folder": UNREADABLE.format("folder", "c’est un dossier"),
    "schedule_import small missing": UNREADABLE.format("missing", "ce fichier n’existe pas"),
    "schedule_import small /dev/zero": "/dev/zero dépasse 64 Mo.",
    "schedule_import small empty.csv": "Ce fichier est vide. Choisissez-en un autre.",
    "schedule_import small binary.csv":
        "Ce fichier n’est pas un fichier texte : il ne peut pas être lu comme un programme.",
    "schedule_import small list.csv":
        "Ce tableau ne ressemble pas à une liste de sessions. L’une de ses premières lignes doit contenir "
        "l’en-tête « Titre » et au moins un autre, comme « Début », « Durée », « Salle », « Intervenants », "
        "« Résumé ».",
    "schedule_import été empty.csv":
        "« été » ne convient pas comme adresse d’événement : "
        "utilisez des lettres sans accent, des chiffres et des traits d’union.",
    "registrations_import small folder": UNREADABLE.format("folder", "c’est un dossier"),
    "registrations_import small missing": UNREADABLE.format("missing", "ce fichier n’existe pas"),
    "registrations_import small /dev/zero": "/dev/zero dépasse 64 Mo.",
    "registrations_import small empty.csv": "« empty.csv » est vide.",
    "registrations_import small binary.csv":
        "Ce n’est pas un tableau : le fichier est binaire. Enregistrez-le en .csv ou .xlsx.",
    "registrations_import small list.csv":
        "Colonnes absentes : Prénom, Nom. La ligne au-dessus de la liste doit contenir "
        "les en-têtes ; elle contient : a, b.",
}  # fmt: skip


@pytest.fixture
def small():
    event = make_event(slug="small")
    make_session(event)
    return make_registration(make_ticket(event))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Change to a folder with files of every bad kind."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "empty.csv").touch()
    (tmp_path / "binary.csv").write_bytes(bytes(range(256)) * 4)
    (tmp_path / "list.csv").write_text("a,b\n1,2\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def count_rows_and_files(folder: Path):
    """Return row counts and file names, which must not change."""
    rows = {kind: kind.objects.count() for kind in (Event, Registration, Session, Device, AuditEntry)}
    return rows, sorted(path.name for path in folder.rglob("*"))


def replace_nbsp(text: str) -> str:
    """Replace the non-breaking spaces of French punctuation."""
    return text.replace("\u202f", " ").replace("\xa0", " ")


def test_bad_arguments_are_refused_with_one_sentence(small, folder, capsys):
    before, said = count_rows_and_files(folder), {}
    for words in CASES:
        with pytest.raises(SystemExit) as left:
            execute_from_command_line(["manage.py", *words.split(" ")])
        out, err = (replace_nbsp(text) for text in capsys.readouterr())
        said[words] = err.removesuffix("\n") if (left.value.code, out) == (2, "") else (left.value.code, out)

    assert said == CASES
    assert count_rows_and_files(folder) == before
    assert Path("/dev/full").is_char_device()


def test_unknown_event_error_names_first_events_and_counts_others(capsys):
    for number in range(12):
        make_event(slug=f"event-{number:02}")

    with pytest.raises(SystemExit):
        execute_from_command_line(["manage.py", "codes", "nope"])
    assert replace_nbsp(capsys.readouterr().err).endswith(", event-08, event-09, et 2 autres.\n")


def run_in_shell(line: str, folder: Path):
    """Run a command line with `sh`, in which $M is the program."""
    return subprocess.run(
        ["sh", "-c", line],
        cwd=folder,
        env={**os.environ, "DATABASE_URL": database_url(), "M": f"{sys.executable} {ROOT / 'manage.py'}"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("$M pair small > /dev/full", "La sortie est inutilisable : il n’y a plus de place.\n"),
        ("$M pair small >&-", "Il n’y a pas de sortie standard où écrire.\n"),
        ("{ $M pair small; echo $? >&2; } | true", "La sortie est inutilisable : personne ne la lit.\n2\n"),
    ],
)
def test_pair_creates_no_device_if_output_is_unusable(small, folder, line, sentence):
    done = run_in_shell(line, folder)

    assert done.stdout == ""
    assert replace_nbsp(done.stderr) == sentence
    assert Device.objects.count() == 0


def test_import_succeeds_if_report_is_not_read(small, folder):
    events = "".join(
        f"BEGIN:VEVENT\nUID:{n}\nDTSTART:20270615T090000Z\nDTEND:20270615T091500Z\nSUMMARY:S {n}\n"
        f"LOCATION:Salle\nX-ONE-{n}-{'x' * 400}:1\nEND:VEVENT\n"
        for n in range(300)
    )
    (folder / "many.ics").write_text(f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{events}END:VCALENDAR\n")

    done = run_in_shell("{ $M schedule_import many many.ics; echo $? >&2; } | true", folder)

    assert done.stdout == ""
    assert done.stderr == "0\n"
    assert Session.objects.filter(event__slug="many").count() == 300


def test_output_file_is_replaced_through_symlink_with_same_mode(small, folder):
    kept = folder / "agenda.ics"
    kept.write_text("old")
    kept.chmod(0o600)
    link = folder / "link.ics"
    link.symlink_to(kept)

    execute_from_command_line(
        ["manage.py", "schedule_export", "small", "--format", "ics", "--output", "link.ics"]
    )

    assert link.is_symlink()
    assert kept.read_text().startswith("BEGIN:VCALENDAR")
    assert kept.stat().st_mode & 0o777 == 0o600


def test_output_file_is_unchanged_if_it_cannot_be_written(small, folder):
    (folder / "agenda.ics").write_text("old")
    limited = "ulimit -f 0; trap '' XFSZ; $M schedule_export small --format ics --output agenda.ics"

    done = run_in_shell(limited, folder)

    assert done.returncode == 2
    assert done.stdout == ""
    assert "agenda.ics ne peut pas être écrit" in replace_nbsp(done.stderr)
    assert (folder / "agenda.ics").read_text() == "old"
    assert sorted(folder.glob("*.ics")) == [folder / "agenda.ics"]
    assert sorted(folder.glob(".draft-*")) == []


def test_exported_badges_attendance_and_invoices_are_readable_by_owner_only(small, folder):
    wide = folder / "wide.pdf"
    wide.write_bytes(b"old")
    wide.chmod(0o644)
    make_issuer()
    invoiced = make_order(small.event, payment="invoice", total=4_500, billing_name="Acme")
    make_registration(make_ticket(small.event, slug="paid", price=4_500), order=invoiced, price=4_500)
    for words in (["badges", "small", "--output", "wide.pdf"], ["badges", "small", "--output", "new.pdf"],
                  ["attendance", "small", "--output", "who.csv"],
                  ["invoice", invoiced.reference, "--output", "invoice.pdf"]):  # fmt: skip
        execute_from_command_line(["manage.py", *words])
        assert (folder / words[-1]).stat().st_mode & 0o777 == 0o600
