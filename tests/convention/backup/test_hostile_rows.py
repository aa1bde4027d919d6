"""Forged rows with valid checksums: refused with a sentence, and nothing changes."""

from typing import Any

import pytest

from convention.events.models import Event
from registrations.models import Registration
from tests.convention.backup.forgery import TABLE, read_refusal

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]

MISFIT_MESSAGE = "ne conviennent pas à cette base de données"
MALFORMED_LINES = ["", "{", "7", "null", '"x"', '{"a": 1}', "[" * 100_000, "\x00"]
MISFITS: list[tuple[str, Any]] = [
    ("id", "1"), ("id", True), ("id", 1.5), ("id", 10**30), ("id", None), ("id", []),
    ("first_name", 7), ("first_name", None), ("first_name", ["x"]), ("email", "\ud800"),
    ("no_photo", "yes"), ("no_photo", 1), ("price", -1), ("price", "12"), ("link_version", 2**64),
    ("created_at", "yesterday"), ("created_at", ""), ("created_at", 7), ("created_at", None),
    ("created_at", "2026-11-27T10:00:00"), ("created_at", "0001-01-01T00:00:00+14:00"),
    ("answers", None), ("event_id", 10**6), ("event_id", "x"), ("person_id", 10**6),
]  # fmt: skip
MISFITS_ELSEWHERE: list[tuple[str, str, Any]] = [
    ("events_eventkey", "encrypted_private_key", "é not base64"), ("events_eventkey", "public_key", 7),
    ("registrations_waitingentry", "public_id", "x"), ("schedule_session", "day", "32/13/2026"),
    ("schedule_schedule", "day_starts_at", "25:61"), ("registrations_voucher", "code", 7),
    ("visits_ride", "latitude", "north"), ("visits_ride", "latitude", "NaN"),
]  # fmt: skip


def test_malformed_line_is_named_by_its_number(forge, tmp_path):
    for index, line in enumerate(MALFORMED_LINES):
        forged, number = forge(), 1 + index % 2
        lines = forged.rows(TABLE)
        lines.insert(number - 1, line)
        forged.put_rows(TABLE, lines)
        sentence = read_refusal(forged.write(tmp_path / "file"))
        assert sentence == f"La ligne {number} de {TABLE} n’est pas un enregistrement. Rien n’a été changé."


@pytest.mark.long
def test_value_that_does_not_fit_column_is_refused(forge, tmp_path):
    for column, value in MISFITS:
        forged = forge()
        [row] = forged.rows(TABLE)
        row[forged.manifest["tables"][TABLE]["columns"].index(column)] = value
        forged.put_rows(TABLE, [row])
        assert read_refusal(forged.write(tmp_path / "file")).endswith("Rien n’a été changé.")


@pytest.mark.long
def test_values_of_other_types_are_validated(forge, tmp_path):
    for table, column, value in MISFITS_ELSEWHERE:
        forged = forge()
        columns = forged.manifest["tables"][table]["columns"]
        forged.put_rows(
            table, [[value if name == column else 1 if name == "id" else None for name in columns]]
        )
        sentence = read_refusal(forged.write(tmp_path / "file"))
        assert f"de {table} {MISFIT_MESSAGE} (une valeur incorrecte)" in sentence


def test_rows_of_wrong_length_and_duplicate_rows_are_refused(forge, tmp_path):
    [row] = forge().rows(TABLE)
    for rows in ([row[:-1]], [[*row, 1]], [[]], [[row]], [row, row]):
        forged = forge()
        forged.put_rows(TABLE, rows)
        assert MISFIT_MESSAGE in read_refusal(forged.write(tmp_path / "file"))


def test_dangling_references_and_missing_rows_are_refused(forge, tmp_path):
    for table in ("events_event", "registrations_ticket", "club_person"):
        forged = forge()
        forged.put_rows(table, [])
        assert read_refusal(forged.write(tmp_path / "file")).startswith("La sauvegarde renvoie à des lignes")
    forged = forge()

    forged.manifest["tables"][TABLE]["rows"] = 2
    assert f"{TABLE}, lignes attendues" in read_refusal(forged.write(tmp_path / "file"))


def test_restore_command_refuses_forged_rows_then_restores_valid_backup(
    forge, good_backup, tmp_path, command
):
    for table in ("events_event", TABLE):
        forged = forge()
        forged.put_rows(table, [[1]])
        path = forged.write(tmp_path / "file")
        done = command("restore", str(path))
        assert done.returncode == 2
        assert done.stdout == ""
        assert done.stderr.endswith("Rien n’a été changé.\n")
        assert command("restore", "--check", str(path)).returncode == 0  # it reads the checksums only

    assert command("restore", str(good_backup)).returncode == 0
    assert Event.objects.count() == Registration.objects.count() == 1
