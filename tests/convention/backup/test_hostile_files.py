"""Foreign, damaged and forged backup files: refused with a sentence, and nothing changes."""

import random
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from convention.backup.archive import open_backup
from convention.backup.restore_backup import restore_backup, unpack_files
from convention.errors import ConventionError
from registrations.models import Registration
from tests.convention.backup.forgery import TABLE, Forgery, read_refusal

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]

NOT_A_BACKUP = "«\u202fFILE\u202f» n’est pas une sauvegarde faite par ce programme."
DAMAGED = "«\u202fFILE\u202f» est abîmé"
ALTERED = "«\u202fFILE\u202f» n’a pas été écrit par ce programme"


def write_file(tmp_path: Path, content: bytes) -> Path:
    (tmp_path / "file").write_bytes(content)
    return tmp_path / "file"


def test_valid_backup_is_restored(good_backup):
    restored = restore_backup(path=good_backup)

    assert restored.manifest.tables[TABLE].rows == Registration.objects.count() == 1
    assert (settings.MEDIA_ROOT / "logo.png").read_bytes() == b"\x89PNG"


# --- the archive -----------------------------------------------------------------------------------------


def test_file_that_is_no_backup_is_refused(good_backup, tmp_path):
    for content in (b"", b"hello", b"\x00" * 1000):
        assert read_refusal(write_file(tmp_path, content)) == NOT_A_BACKUP

    with zipfile.ZipFile(tmp_path / "foreign", "w") as archive:
        archive.writestr("report.csv", "a;b")

    assert read_refusal(tmp_path / "foreign") == NOT_A_BACKUP


def test_truncated_file_is_reported_as_damaged(good_backup, tmp_path):
    content = good_backup.read_bytes()
    for share in (0.0001, 0.1, 0.5, 0.9, 0.999):
        assert read_refusal(write_file(tmp_path, content[: 2 + int(len(content) * share)])).startswith(
            DAMAGED
        )


def test_changed_row_is_reported_as_damage(forge, tmp_path):
    forged = forge()
    name = f"tables/{TABLE}.jsonl"

    forged.parts[name] = forged.parts[name].replace(b"zoe@", b"eve@")

    assert read_refusal(forged.write(tmp_path / "file")) == (
        f"{DAMAGED} ({name})\u202f: son contenu n’est pas fiable. Utilisez une autre copie."
    )


def test_missing_or_additional_part_is_named(forge, tmp_path):
    forged = forge()
    del forged.parts[f"tables/{TABLE}.jsonl"]

    assert read_refusal(forged.write(tmp_path / "less")).startswith(f"{DAMAGED} (tables/{TABLE}.jsonl)")

    forged = forge()

    forged.parts["tables/evil.jsonl"] = b"[1]\n"
    assert "tables/evil.jsonl" in read_refusal(forged.write(tmp_path / "more"))


def test_duplicate_part_is_refused(forge, tmp_path):
    path = forge().write(tmp_path / "file")
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr(f"tables/{TABLE}.jsonl", b"")

    assert read_refusal(path).startswith(ALTERED)


def repack_logo(forge, path: Path, info: zipfile.ZipInfo) -> Path:
    """Return a good archive whose picture is packed as `info` says."""
    forged = forge()
    content = forged.parts.pop("media/logo.png")
    with zipfile.ZipFile(forged.write(path), "a") as archive:
        archive.writestr(info, content, compress_type=info.compress_type)
    return path


def test_other_compressions_links_and_devices_are_refused(forge, tmp_path):
    for packing in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        info = zipfile.ZipInfo("media/logo.png")
        info.compress_type = packing
        assert read_refusal(repack_logo(forge, tmp_path / "file", info)).startswith(ALTERED)
    for kind in (stat.S_IFLNK, stat.S_IFDIR, stat.S_IFIFO, stat.S_IFCHR):
        info = zipfile.ZipInfo("media/logo.png")
        info.external_attr = (kind | 0o777) << 16
        assert read_refusal(repack_logo(forge, tmp_path / "file", info)).startswith(ALTERED)


def test_password_protected_part_is_refused(forge, tmp_path):
    content = bytearray(forge().write(tmp_path / "file").read_bytes())
    content[content.rfind(b"PK\x01\x02") + 8] |= 1  # the flag of the last entry, that of the manifest

    assert read_refusal(write_file(tmp_path, bytes(content))).startswith(ALTERED)


def test_zip_bomb_is_refused(forge, tmp_path):
    forged = forge()
    forged.put_file("zeros", bytes(300 * 1024 * 1024))

    path = forged.write(tmp_path / "file")

    assert path.stat().st_size < 1024 * 1024
    assert (
        read_refusal(path)
        == f"{ALTERED}\u202f: il occuperait 300 Mo une fois décompressé. Rien n’a été changé."
    )


def test_false_size_in_archive_directory_is_refused(forge, tmp_path):
    content = forge().write(tmp_path / "honest").read_bytes()
    name = f"tables/{TABLE}.jsonl".encode()
    entry = content.rfind(name) - 46  # of the directory at the end
    size = int.from_bytes(content[entry + 24 : entry + 28], "little")
    for lie in (size - 1, size + 1, 2**32 - 2):
        lying = content[: entry + 24] + lie.to_bytes(4, "little") + content[entry + 28 :]
        assert read_refusal(write_file(tmp_path, lying)).startswith((DAMAGED, ALTERED))


@pytest.mark.long
def test_random_byte_changes_raise_no_unexpected_error(good_backup, tmp_path):
    content, chance = good_backup.read_bytes(), random.Random(7)
    with open_backup(good_backup) as backup:
        good_backup = backup.manifest
    directory = content.rfind(b"PK\x01\x02", 0, content.find(b"PK\x01\x02") + 1)
    refused = 0

    for number in range(600):
        broken = bytearray(content)
        first = 0 if number % 2 else directory  # half of them within the directory
        for _each in range(chance.randint(1, 4)):
            broken[chance.randrange(first, len(broken))] = chance.randrange(256)
        path = write_file(tmp_path, bytes(broken))
        try:
            with open_backup(path) as backup:
                assert backup.manifest == good_backup
        except ConventionError:
            refused += 1

    assert refused > 400


# --- paths of files --------------------------------------------------------------------------------------

UNSAFE_PATHS = ["../evil", "/tmp/evil", "a/../../evil", "..", ".", "", "a//b", "./a", "a/", "a/./b", "a\x00b",
           "a\nb", "\x1b[2J", "e" * 1001]  # fmt: skip
CONFLICTING_PATHS = [("a", "a/b"), ("a/b", "a"), ("n" * 300,)]


@pytest.mark.long
def test_unsafe_file_path_is_refused(forge, tmp_path):
    for path in UNSAFE_PATHS:
        forged = forge()
        forged.put_file(path)
        assert read_refusal(forged.write(tmp_path / "file")).startswith((DAMAGED, ALTERED))
    assert not Path("/tmp/evil").exists()


def test_conflicting_file_paths_change_nothing(forge, tmp_path, command):
    for paths in CONFLICTING_PATHS:
        forged = forge()
        for path in paths:
            forged.put_file(path)
        done = command("restore", str(forged.write(tmp_path / "file")))
        assert done.returncode == 2
        assert len(done.stderr.splitlines()) == 1

    assert list(settings.MEDIA_ROOT.iterdir()) == []
    assert Registration.objects.count() == 0


def test_unpacked_files_are_removed_if_restore_fails(good_backup):
    def fail() -> None:
        with open_backup(good_backup) as backup, unpack_files(backup, settings.MEDIA_ROOT) as files:
            files.put_in_place()
            assert (settings.MEDIA_ROOT / "logo.png").exists()
            raise ConventionError("such as a disk that is full")

    with pytest.raises(ConventionError):
        fail()
    assert list(settings.MEDIA_ROOT.iterdir()) == []
    assert list(settings.MEDIA_ROOT.parent.glob(".restore*")) == []


# --- the manifest ----------------------------------------------------------------------------------------

INVALID_MANIFESTS = [
    "",
    "{",
    "[]",
    "null",
    "7",
    '"x"',
    "[" * 100_000,
    "{}",
    '{"format": "convention-backup"}',
    "9" * 5000,
]
WRONG_TYPES: list[Any] = [None, True, -1, 2**70, 1.5, "x", "\u0000", [], [1], {}, {"a": 1}]
# Keys whose wrong values pass `open_backup`: they are compared with the site's only later.
COMPARED_LATER = {"next", "columns", "migrations", "tables", "files"}


def test_invalid_manifest_is_refused(forge, tmp_path):
    for text in INVALID_MANIFESTS:
        forged = forge()
        forged.manifest = text
        assert read_refusal(forged.write(tmp_path / "file")) == NOT_A_BACKUP


def test_other_version_of_file_format_is_named(forge, tmp_path):
    told = [
        (1, "«\u202fFILE\u202f» provient d’une version plus ancienne du programme"),
        (3, "«\u202fFILE\u202f» provient d’une version plus récente du programme"),
        *((value, NOT_A_BACKUP) for value in ("2", True, None, 2.0)),
    ]
    for version, sentence in told:
        forged = forge()
        forged.manifest["version"] = version
        assert read_refusal(forged.write(tmp_path / "file")).startswith(sentence)


def list_value_paths(value: Any, path: tuple = ()) -> list[tuple]:
    """Return the paths of all values of a manifest, for one table and one file only."""
    if isinstance(value, dict) and value:
        inner = {TABLE: value[TABLE]} if TABLE in value else dict(list(value.items())[:8])
        return [path, *(place for key, one in inner.items() for place in list_value_paths(one, (*path, key)))]
    return [path]


def alter_manifest(forged: Forgery, place: tuple, value: Any) -> Forgery:
    """Return the forgery with another value at one path of its manifest."""
    inner = forged.manifest
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return forged


def is_accepted(path: Path) -> bool:
    try:
        with open_backup(path):
            return True
    except ConventionError:
        return False


@pytest.mark.long
def test_manifest_value_of_wrong_type_is_refused(forge, tmp_path):
    places = list_value_paths(forge().manifest)[1:]

    assert len(places) > 20

    taken = {
        (place[-1], str(wrong))
        for place in places
        for wrong in WRONG_TYPES
        if is_accepted(alter_manifest(forge(), place, wrong).write(tmp_path / "file"))
    }
    later = COMPARED_LATER | forge().manifest["migrations"].keys()

    assert {one for one in taken if one[0] not in later} == {("site", "x"), ("key_fingerprint", "x")}
    assert {wrong for key, wrong in taken if key == "next"} == {"None"}
    assert {wrong for key, wrong in taken if key in forge().manifest["migrations"]} == {"x"}


def test_next_key_beyond_range_of_database_is_refused(forge, tmp_path):
    for number in (2**63 - 1, 2**63 - 100_000, 2**62):
        forged = forge()
        forged.manifest["tables"][TABLE]["next"] = number
        sentence = read_refusal(forged.write(tmp_path / "file"))
        assert sentence.startswith(f"{TABLE} ne peut pas continuer au numéro")


def test_unknown_and_missing_tables_and_columns_are_named(forge, tmp_path):
    forged = forge()
    forged.manifest["tables"]["evil"] = {**forged.manifest["tables"][TABLE], "rows": 0}

    forged.parts["tables/evil.jsonl"] = forged.parts[f"tables/{TABLE}.jsonl"]
    assert "(evil)" in read_refusal(forged.write(tmp_path / "more"))

    forged = forge()
    forged.manifest["tables"][TABLE]["columns"].append("is_superuser")

    assert f"({TABLE})" in read_refusal(forged.write(tmp_path / "columns"))

    forged = forge()
    del forged.manifest["tables"][TABLE], forged.parts[f"tables/{TABLE}.jsonl"]

    assert f"({TABLE})" in read_refusal(forged.write(tmp_path / "less"))


def test_another_version_of_the_program_is_named(forge, tmp_path):
    forged = forge()

    here = forged.manifest["migrations"]["registrations"]
    forged.manifest["migrations"]["registrations"] = "0000_other"
    assert read_refusal(forged.write(tmp_path / "older")) == (
        "Cette sauvegarde vient d’une autre version du programme (registrations\u202f: là-bas 0000_other, "
        f"ici {here})\u202f: restaurez-la avec cette version, puis mettez à jour."
    )


def test_terminal_escape_sequences_in_backup_are_not_printed(forge, tmp_path, command):
    named = forge()
    named.parts["tables/\x1b[2Jevil.jsonl"] = b""
    sited = forge()
    sited.manifest["site"] = "\x1b[2J"
    for forged in (named, sited):
        done = command("restore", "--check", str(forged.write(tmp_path / "file")))
        assert done.returncode == 2
        assert "\x1b" not in done.stderr
