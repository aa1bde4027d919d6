"""Rows that are inserted by hand-written SQL have the values that the ORM reads."""

import datetime
import uuid

import pytest
from django.db import connection

from convention.db.raw_sql import insert_rows

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]
COLUMN_TYPES = {"id": "bigint", "token": "uuid", "at": "timestamptz", "day": "date", "note": "text"}


@pytest.fixture
def table(db):
    with connection.cursor() as cursor:
        columns = ", ".join(f"{name} {kind}" for name, kind in COLUMN_TYPES.items())
        cursor.execute(f"CREATE TEMPORARY TABLE inserted ({columns})")
        yield cursor


@pytest.mark.parametrize("note", ["plain", 'it’s "quoted" \\ and {braced}', "名札 🎫", "line\nbreak", None])
def test_values_of_all_types_are_stored_as_they_are(table, note):
    at = datetime.datetime(2027, 6, 16, 8, 31, 2, 123456, tzinfo=datetime.UTC)
    row = {"id": 1, "token": uuid.uuid4(), "at": at, "day": datetime.date(2027, 6, 16), "note": note}

    insert_rows("inserted", COLUMN_TYPES, [row, {**row, "id": 2, "at": None}])

    table.execute("SELECT * FROM inserted ORDER BY id")
    assert table.fetchall() == [tuple(row.values()), (2, row["token"], None, row["day"], note)]


def test_value_that_is_not_json_serializable_is_refused(table):
    with pytest.raises(TypeError, match="bytes cannot be inserted as JSON"):
        insert_rows("inserted", {"note": "text"}, [{"note": b"raw"}])
