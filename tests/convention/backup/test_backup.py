"""Backup and restore: every row, on both databases; a bad file is a sentence and changes nothing."""

import hashlib
import json
import sqlite3
import uuid
import zipfile
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.db import connection

from badges.codes import codes_of
from convention.backup.restore import restore
from convention.backup.save import one_moment, save
from convention.club.models import Person
from convention.errors import ConventionError
from convention.events.models import Event
from registrations.models import Order, Registration
from tests.conftest import database_url
from tests.convention.backup.site import every_row
from tests.factories import make_company, make_person, make_registration

pytestmark = pytest.mark.django_db(transaction=True)

ORGANIZER = "organisation@club.example"
TELL = "from tests.convention.backup.site import tell; tell()"


@pytest.fixture
def seeded(transactional_db):
    """The small demo, and what makes a database awkward."""
    call_command("seed", "--size", "small")
    Person.objects.filter(email=ORGANIZER).update(password=make_password("convention"))
    person = make_person(first_name="Zoë", last_name="O’Hara \\N \t\n“𝕏” 李", email="zoe@example.org")
    person.groups.create(name="Équipe")
    make_person(email="gone@example.org").delete()  # its number is never given again


@pytest.fixture
def small(transactional_db, tmp_path) -> Path:
    """A backup of a few rows."""
    make_registration()
    save(output=tmp_path / "small.backup")
    return tmp_path / "small.backup"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request, tmp_path):
    """The address of an empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.sqlite3"
        return
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL")
    name = f"test_restore_{uuid.uuid4().hex[:12]}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    yield database_url().rpartition("/")[0] + "/" + name
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.long
def test_every_row_comes_back_in_either_database_and_the_site_works_as_before(
    seeded, empty, manage, tmp_path
):
    event = Event.objects.get(slug="small")
    asked = {
        "codes": [code for _holder, code in codes_of(event)],
        "orders": [order.manage_path for order in Order.objects.all()[:5]],
        "email": ORGANIZER,
    }
    call_command("backup", "--output", str(tmp_path / "file"))
    restored = manage("restore", str(tmp_path / "file"), DATABASE_URL=empty)
    assert (restored.returncode, restored.stdout, restored.stderr[:9]) == (0, "", "Restauré\u202f")
    there = every_row()
    assert len(there["registrations.Registration"]) == 40
    told = manage("shell", "--no-imports", "-c", TELL, DATABASE_URL=empty, ASKED=json.dumps(asked))
    here = json.loads(told.stdout)
    assert here["rows"] == there
    assert here["answers"] == {
        "codes": len(asked["codes"]),
        "orders": [200] * 5,
        "login": True,
        "next": max(person["id"] for person in there["club.Person"]) + 2,
    }


@pytest.mark.once
def test_a_backup_is_for_its_owner_only_and_can_be_checked(small, manage):
    assert small.stat().st_mode & 0o777 == 0o600
    done = manage("restore", "--check", str(small), DATABASE_URL="postgres://127.0.0.1:1/none")
    assert done.stderr.endswith("UTC. Toutes les sommes de contrôle sont justes.\n")
    assert " et 0 fichier, enregistrées depuis " in done.stderr


@pytest.mark.once
def test_another_key_is_said_and_the_key_itself_is_not_in_the_file(new_site, small, manage):
    with zipfile.ZipFile(small) as archive:
        assert settings.SECRET_KEY not in archive.read("manifest.json").decode()
    done = manage("restore", str(small), DATABASE_URL=new_site, SECRET_KEY="another" * 9)
    assert done.returncode == 0
    assert done.stderr.splitlines()[1].split("\u202f")[0] == ("SECRET_KEY n’est pas celle du site enregistré")


@pytest.mark.once
def test_a_database_with_data_is_left_alone(small, manage):
    before = every_row()
    done = manage("restore", str(small))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "La base de données n’est pas vide (events_event contient des lignes)\u202f: "
        "restaurez dans une base neuve (DATABASE_URL). Rien n’a été changé.\n"
    )
    assert every_row() == before


@pytest.mark.once
def test_uploaded_files_come_back(new_site, manage, tmp_path):
    picture = tmp_path / "var" / "media" / "logos" / "é.png"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"\x89PNG" * 1000)
    path, there = tmp_path / "with-files", tmp_path / "there"
    assert manage("backup", "--output", str(path), VAR_DIR=str(tmp_path / "var")).returncode == 0
    done = manage("restore", str(path), VAR_DIR=str(there), DATABASE_URL=new_site)
    assert done.returncode == 0
    assert (there / "media" / "logos" / "é.png").read_bytes() == picture.read_bytes()
    assert sorted(path.name for path in there.iterdir() if path.name.startswith(".")) == []


# --- files that are no good: restored in this process, where nothing has a row ------------------------------


def rewritten(source: Path, target: Path, name: str, change) -> Path:
    """The archive with one part changed."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for item in old.namelist():
            content = old.read(item)
            new.writestr(item, change(content) if item == name else content)
    return target


def manifest_with(**fields):
    return lambda content: json.dumps({**json.loads(content), **fields}).encode()


def bad_files(small: Path, folder: Path) -> dict[str, Path]:
    """Everything that may be wrong with a file."""
    content = small.read_bytes()
    flipped = bytearray(content)
    with zipfile.ZipFile(small) as archive:
        flipped[archive.getinfo("tables/registrations_ticket.jsonl").header_offset - 40] ^= 0xFF
    found = {
        "a text": b"hello",
        "nothing": b"",
        "cut": content[: len(content) // 2],
        "flipped": bytes(flipped),
    }
    for name, what in found.items():
        (folder / name).write_bytes(what)
    table = "tables/registrations_registration.jsonl"
    with zipfile.ZipFile(folder / "foreign", "w") as archive:
        archive.writestr("report.csv", "a;b")
    rewritten(small, folder / "row changed", table, lambda rows: rows.replace(b"a", b"e", 1))
    rewritten(small, folder / "newer", "manifest.json", manifest_with(version=2))
    return {path.name: path for path in folder.iterdir()}


@pytest.mark.once
def test_a_bad_file_is_a_sentence_and_nothing_is_changed(small, tmp_path):
    folder = tmp_path / "bad"
    folder.mkdir()
    before = every_row()
    said = {}
    for name, path in bad_files(small, folder).items():
        with pytest.raises(ConventionError) as caught:
            restore(path=path)
        said[name] = str(caught.value).replace(str(path), "FILE")
    assert every_row() == before
    ours = "«\u202fFILE\u202f» n’est pas une sauvegarde faite par ce programme."
    assert {name: said[name] for name in ("a text", "nothing", "foreign")} == dict.fromkeys(
        ("a text", "nothing", "foreign"), ours
    )
    assert [said[name].split(" (")[0] for name in ("cut", "flipped", "row changed")] == [
        "«\u202fFILE\u202f» est abîmé"
    ] * 3
    assert said["newer"] == (
        "«\u202fFILE\u202f» a été fait par un programme plus récent\u202f: "
        "mettez celui-ci à jour, puis restaurez."
    )


@pytest.mark.once
def test_another_version_of_the_program_is_named(small, tmp_path):
    with zipfile.ZipFile(small) as archive:
        migrations = json.loads(archive.read("manifest.json"))["migrations"]
    here = migrations["registrations"]
    older = rewritten(
        small, tmp_path / "older", "manifest.json",
        manifest_with(migrations={**migrations, "registrations": "0000_other"}),
    )  # fmt: skip
    with pytest.raises(ConventionError) as caught:
        restore(path=older)
    assert str(caught.value) == (
        "Cette sauvegarde vient d’une autre version du programme (registrations\u202f: là-bas 0000_other, "
        f"ici {here})\u202f: restaurez-la avec cette version, puis mettez à jour."
    )


@pytest.mark.once
def test_a_missing_file_is_named(manage, tmp_path):
    done = manage("restore", str(tmp_path / "none"))
    assert (done.returncode, done.stderr) == (
        2,
        f"{tmp_path}/none est inutilisable\u202f: ce fichier n’existe pas.\n",
    )


@pytest.mark.once
def test_all_or_nothing_when_a_row_does_not_fit(new_site, small, tmp_path, manage):
    """Checksums are right, a reference leads nowhere: the database stays empty and takes a good file then."""
    table = "events_event"
    path = rewritten(small, tmp_path / "emptied", f"tables/{table}.jsonl", lambda rows: b"")
    with zipfile.ZipFile(path) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    manifest["tables"][table] |= {"rows": 0, "sha256": hashlib.sha256(b"").hexdigest()}
    broken = rewritten(path, tmp_path / "broken", "manifest.json", lambda _: json.dumps(manifest).encode())
    done = manage("restore", str(broken), DATABASE_URL=new_site)
    assert (done.returncode, done.stderr.split(" (")[0]) == (
        2,
        "La sauvegarde renvoie à des lignes qu’elle n’a pas",
    )
    with sqlite3.connect(new_site.removeprefix("sqlite:///")) as database:
        assert database.execute("SELECT count(*) FROM registrations_registration").fetchone() == (0,)
    assert manage("restore", str(small), DATABASE_URL=new_site).returncode == 0


def test_others_write_while_a_backup_reads_and_it_sees_one_moment(manage):
    make_company(name="Before")
    with one_moment():
        seen = Registration.objects.count(), Person.objects.count()
        done = manage(
            "shell", "--no-imports", "-c",
            "from convention.club.models import Person; Person.objects.create(email='late@example.org')",
        )  # fmt: skip
        assert done.returncode == 0
        assert (Registration.objects.count(), Person.objects.count()) == seen
    assert Person.objects.filter(email="late@example.org").count() == 1
