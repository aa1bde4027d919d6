"""Backup and restore of every row, on both databases; a bad file is refused with a sentence and changes
nothing.
"""

import json
import stat
import zipfile
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management import call_command

from badges.codes import build_badge_codes
from convention.backup.restore_backup import SKIPPED_KEY_COUNT
from convention.backup.rules import get_backup_rule
from convention.backup.save_backup import read_snapshot, save_backup
from convention.club.models import Person
from convention.events.models import Event
from registrations.models import Order, Registration
from tests.convention.backup.site import list_all_rows
from tests.factories import make_company, make_person, make_registration

pytestmark = pytest.mark.django_db(transaction=True)

ORGANIZER = "organisation@club.example"
TELL = "from tests.convention.backup.site import print_rows_and_answers; print_rows_and_answers()"


@pytest.fixture
def seeded_demo(transactional_db):
    """Seed the small demo, with awkward values."""
    call_command("seed", "--size", "small")
    Person.objects.filter(email=ORGANIZER).update(password=make_password("convention"))
    person = make_person(first_name="Zoë", last_name="O’Hara \\N \t\n“𝕏” 李", email="zoe@example.org")
    person.groups.create(name="Équipe")
    make_person(email="gone@example.org").delete()  # its primary key must never be used again


@pytest.fixture
def small_backup(transactional_db, tmp_path) -> Path:
    """Save a few rows."""
    make_registration()
    save_backup(output=tmp_path / "small.backup")
    return tmp_path / "small.backup"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request, tmp_path):
    """Return the address of an empty database of each kind, which `restore` migrates."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/empty.sqlite3"
    return request.getfixturevalue("new_postgresql_database")


def filter_saved_rows(label: str, rows: list[dict]) -> list[dict]:
    """Return the rows of a model as a backup contains them."""
    rule = get_backup_rule(apps.get_model(label))
    if rule.excludes_all_rows:
        return []
    taken = set(
        map(str, apps.get_model(label)._base_manager.filter(rule.row_filter).values_list("pk", flat=True))
    )
    key = apps.get_model(label)._meta.pk.attname
    return [{**row, **dict.fromkeys(rule.blanked_columns, "")} for row in rows if str(row[key]) in taken]


@pytest.mark.long
def test_restore_recreates_every_row_on_both_databases_and_site_works(
    seeded_demo, empty_database, manage, tmp_path
):
    event = Event.objects.get(slug="small")
    asked = {
        "codes": [code for _holder, code in build_badge_codes(event)],
        "orders": [order.manage_path for order in Order.objects.all()[:5]],
        "email": ORGANIZER,
    }
    call_command("backup", "--output", str(tmp_path / "file"))

    restored = manage("restore", str(tmp_path / "file"), DATABASE_URL=empty_database)

    assert restored.returncode == 0
    assert restored.stdout == ""
    assert restored.stderr[:9] == "Restauré\u202f"

    there = list_all_rows()

    assert len(there["registrations.Registration"]) == 40

    told = manage("shell", "--no-imports", "-c", TELL, DATABASE_URL=empty_database, ASKED=json.dumps(asked))
    here = json.loads(told.stdout)

    assert here["rows"] == {label: filter_saved_rows(label, rows) for label, rows in there.items()}
    assert here["answers"] == {
        "codes": len(asked["codes"]),
        "orders": [200] * 5,
        "login": True,
        "next": max(person["id"] for person in there["club.Person"]) + 2 + SKIPPED_KEY_COUNT,
    }


@pytest.mark.once
def test_backup_file_is_private_and_passes_check(small_backup, manage):
    assert small_backup.stat().st_mode & 0o777 == 0o600

    done = manage("restore", "--check", str(small_backup), DATABASE_URL="postgres://127.0.0.1:1/none")

    assert done.stderr.endswith("UTC. Toutes les sommes de contrôle sont correctes.\n")
    assert " et 0 fichier, enregistrées depuis " in done.stderr


@pytest.mark.once
def test_restore_reports_other_secret_key_and_backup_does_not_contain_it(new_site, small_backup, manage):
    with zipfile.ZipFile(small_backup) as archive:
        assert settings.SECRET_KEY not in archive.read("manifest.json").decode()
    done = manage("restore", str(small_backup), DATABASE_URL=new_site, SECRET_KEY="another" * 9)

    assert done.returncode == 0
    assert done.stderr.splitlines()[2].split(".")[0] == ("SECRET_KEY n’est pas celle du site sauvegardé")


@pytest.mark.once
def test_restore_into_database_with_data_is_refused(small_backup, manage):
    before = list_all_rows()
    done = manage("restore", str(small_backup))

    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        "La base de données n’est pas vide (events_event contient des lignes)\u202f: "
        "restaurez dans une base neuve (DATABASE_URL). Rien n’a été changé.\n"
    )
    assert list_all_rows() == before


@pytest.mark.long
@pytest.mark.once
def test_uploaded_files_are_restored(new_site, manage, tmp_path):
    picture = tmp_path / "var" / "media" / "logos" / "é.png"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"\x89PNG" * 1000)

    path, there = tmp_path / "with-files", tmp_path / "there"

    assert manage("backup", "--output", str(path), VAR_DIR=str(tmp_path / "var")).returncode == 0

    done = manage("restore", str(path), VAR_DIR=str(there), DATABASE_URL=new_site)

    assert done.returncode == 0
    assert (there / "media" / "logos" / "é.png").read_bytes() == picture.read_bytes()
    assert sorted(path.name for path in there.iterdir() if path.name.startswith(".")) == []


def get_file_mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.long
@pytest.mark.once
def test_restore_makes_new_and_existing_files_private(new_site, manage, tmp_path):
    picture = tmp_path / "var" / "media" / "logos" / "a.png"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"\x89PNG")

    path, there = tmp_path / "file", tmp_path / "there"

    assert manage("backup", "--output", str(path), VAR_DIR=str(tmp_path / "var")).returncode == 0

    database = there / "site.sqlite3"
    (there / "media").mkdir(parents=True)
    database.write_bytes(Path(new_site.removeprefix("sqlite:///")).read_bytes())
    for found in (there, there / "media"):
        found.chmod(0o755)
    database.chmod(0o644)
    keys = {
        "SECRET_KEY": "k" * 50,
        "IDENTITY_KEYS": ",".join(settings.IDENTITY_KEYS),
    }  # so that startup creates no key file

    done = manage("restore", str(path), VAR_DIR=str(there), DATABASE_URL=f"sqlite:///{database}", **keys)

    assert done.returncode == 0, done.stderr
    assert (there / "media" / "logos" / "a.png").exists()

    wide = [
        (str(one.relative_to(tmp_path)), oct(get_file_mode(one)))
        for one in (there, *there.rglob("*"))
        if get_file_mode(one) != (0o700 if one.is_dir() else 0o600)
    ]

    assert wide == []


@pytest.mark.once
def test_backup_over_world_readable_file_makes_it_private(db, tmp_path):
    for before, after in ((0o644, 0o600), (0o400, 0o400)):
        path = tmp_path / oct(before)
        path.write_text("old")
        path.chmod(before)
        save_backup(output=path)
        assert get_file_mode(path) == after


@pytest.mark.once
def test_a_missing_file_is_named(manage, tmp_path):
    done = manage("restore", str(tmp_path / "none"))

    assert done.returncode == 2
    assert done.stderr == f"{tmp_path}/none est inutilisable\u202f: ce fichier n’existe pas.\n"


def test_backup_reads_one_snapshot_during_concurrent_writes(manage):
    make_company(name="Before")
    with read_snapshot():
        seen = Registration.objects.count(), Person.objects.count()
        done = manage(
            "shell", "--no-imports", "-c",
            "from convention.club.models import Person; Person.objects.create(email='late@example.org')",
        )  # fmt: skip
        assert done.returncode == 0
        assert (Registration.objects.count(), Person.objects.count()) == seen

    assert Person.objects.filter(email="late@example.org").count() == 1
