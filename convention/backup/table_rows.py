"""Tables as plain rows: how values are written and read, and how primary keys continue."""

import base64
import datetime
import decimal
import functools
import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from cryptography.fernet import InvalidToken
from django.apps import apps
from django.db import connection, models
from django.db.migrations.executor import MigrationExecutor

from convention.codes.secret_keys import get_fernet

from .rules import get_backup_rule

# Part of the key: another name would make encrypted columns of earlier backups unreadable.
ENCRYPTION_PURPOSE = "backup"
# Rows read at once.
ROWS_PER_CHUNK, ROWS_PER_CHUNK_WITH_FILES = 1000, 20
# Tables that have rows in a database that is prepared but unused; restoring replaces them.
REPLACEABLE_TABLES = {
    "django_content_type", "auth_permission", "django_session", "django_tasks_database_dbtaskresult",
    "convention_lease", "convention_periodicjob",
}  # fmt: skip
# JSON types of these fields' values; all others are written as text.
JSON_TYPES: dict[type[models.Field[Any, Any]], tuple[type, ...]] = {
    models.BooleanField: (bool,), models.IntegerField: (int,), models.FloatField: (float, int),
}  # fmt: skip
UNCONVERTED_FIELDS = (models.BooleanField, models.CharField, models.TextField, models.IntegerField)
type ConvertValue = Callable[[Any], Any]


def list_tables() -> dict[str, type[models.Model]]:
    """Return the models by table name, without tables that triggers fill."""
    found = {
        model._meta.db_table: model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
    }
    return dict(sorted(found.items()))


def list_columns(model: type[models.Model]) -> list[str]:
    """Return the names of a table's columns, in the order of its rows."""
    return [str(field.column) for field in model._meta.concrete_fields]


def get_chunk_size(model: type[models.Model]) -> int:
    """Return how many rows to read at once: few if a row may contain a whole file."""
    has_files = any(isinstance(field, models.BinaryField) for field in model._meta.concrete_fields)
    return ROWS_PER_CHUNK_WITH_FILES if has_files else ROWS_PER_CHUNK


def iterate_saved_rows(model: type[models.Model]) -> Iterator[list[Any]]:
    """Yield the rows that go into a backup, by primary key, with blanked and encrypted columns applied."""
    names = [field.attname for field in model._meta.concrete_fields]
    saved_rows: models.QuerySet[Any, Any] = (
        # Not the model's manager, which may hide rows.
        models.QuerySet(model).filter(get_backup_rule(model).row_filter).order_by("pk")
    )
    changes = dict(_column_changes(model))
    for values in saved_rows.values_list(*names).iterator(chunk_size=get_chunk_size(model)):
        row = list(values)
        for index, change in changes.items():
            row[index] = None if row[index] is None else change(row[index])
        yield row


def _column_changes(model: type[models.Model]) -> Iterator[tuple[int, ConvertValue]]:
    """Yield the position of each blanked or encrypted column, and the function that converts its values."""
    rule = get_backup_rule(model)
    for index, name in enumerate(list_columns(model)):
        if name in rule.blanked_columns:
            yield index, lambda _value: ""
        elif name in rule.encrypted_columns:
            yield index, encrypt_text


def encrypt_text(text: str) -> str:
    """Encrypt a text under SECRET_KEY."""
    return get_fernet(ENCRYPTION_PURPOSE).encrypt(text.encode()).decode()


def encode_row(row: list[Any]) -> bytes:
    """Return a row as a line of JSON."""
    return json.dumps(row, default=encode_value, separators=(",", ":")).encode() + b"\n"


def encode_value(value: Any) -> str:
    """Return as text a value that JSON has no type for; times to the microsecond."""
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, uuid.UUID | decimal.Decimal | datetime.timedelta):
        return str(value)
    raise TypeError(f"No way to write a {type(value).__name__} is known.")


class BackupRowReader:
    """Converts rows of a backup into values for the database; counts replaced values in `replaced_counts`."""

    def __init__(self, model: type[models.Model]) -> None:
        self.replaced_counts = Counter[str]()
        encrypted = get_backup_rule(model).encrypted_columns
        self.converters = [
            self._make_decrypter(field, encrypted[name]) if name in encrypted else make_value_reader(field)
            for name, field in zip(list_columns(model), model._meta.concrete_fields, strict=True)
        ]

    def read(self, row: list[Any]) -> list[Any]:
        """Return the row's values for the database. Raise TypeError, ValueError or ValidationError."""
        return [convert(value) for convert, value in zip(self.converters, row, strict=True)]

    def _make_decrypter(
        self, field: "models.Field[Any, Any]", make_replacement: Callable[[], str]
    ) -> ConvertValue:
        read = make_value_reader(field)

        def decrypt_value(value: Any) -> Any:
            if value is None:
                return None
            try:
                return read(get_fernet(ENCRYPTION_PURPOSE).decrypt(value).decode())
            # Another SECRET_KEY: a new value instead of a refusal,
            # since everything else can still be restored.
            except InvalidToken:
                self.replaced_counts[str(field.column)] += 1
                return read(make_replacement())

        return decrypt_value


def make_value_reader(field: "models.Field[Any, Any]") -> ConvertValue:
    """Return the function that turns a written value of this field into a database value."""
    value_field: models.Field[Any, Any] = field
    # A foreign key is stored like the key it points to.
    while isinstance(value_field, models.ForeignKey):
        value_field = value_field.target_field
    return functools.partial(_read_value, field, _json_types(value_field), _choose_conversion(value_field))


def _json_types(value_field: "models.Field[Any, Any]") -> tuple[type, ...]:
    if isinstance(value_field, models.JSONField):
        return (object,)
    return next(
        (types for field_class, types in JSON_TYPES.items() if isinstance(value_field, field_class)), (str,)
    )


def _choose_conversion(value_field: "models.Field[Any, Any]") -> ConvertValue:
    if isinstance(value_field, models.BinaryField):
        return functools.partial(base64.b64decode, validate=True)
    if isinstance(value_field, models.DateTimeField):
        return _parse_time
    if isinstance(value_field, (*UNCONVERTED_FIELDS, models.JSONField)):
        return _return_unchanged
    convert: ConvertValue = value_field.to_python
    return convert


def _read_value(
    field: "models.Field[Any, Any]", types: tuple[type, ...], convert: ConvertValue, value: Any
) -> Any:
    if value is None and not field.primary_key:  # for a NULL primary key SQLite would assign one
        return None
    # Not `isinstance`: SQLite would store True, or a text, in a column of numbers.
    if types != (object,) and type(value) not in types:
        raise TypeError(f"{field.column}: {type(value).__name__}")
    return field.get_db_prep_save(convert(value), connection)


def _return_unchanged(value: Any) -> Any:
    return value


def _parse_time(text: str) -> datetime.datetime:
    moment = datetime.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment without its offset")
    return moment


def build_insert_sql(model: type[models.Model]) -> str:
    """Return the statement that inserts one row."""
    quote = connection.ops.quote_name
    names = ", ".join(quote(name) for name in list_columns(model))
    places = ", ".join(["%s"] * len(list_columns(model)))
    # By hand: `bulk_create` calls `pre_save`, which would overwrite the times of `auto_now_add` columns.
    return f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES ({places})"  # noqa: S608 (our own names)


def get_next_key(model: type[models.Model]) -> int | None:
    """Return the next primary key of a table; None if keys are not counted.

    It is saved so that the key of a deleted row is never given to another.
    """
    if not isinstance(model._meta.pk, models.AutoField):
        return None
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            # Filled only for AUTOINCREMENT columns, as Django makes them.
            cursor.execute("SELECT seq + 1 FROM sqlite_sequence WHERE name = %s", [table])
            return int((cursor.fetchone() or (1,))[0])
        cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [f'"{table}"', model._meta.pk.column])
        # Not `nextval`, which would use up a number with each backup.
        cursor.execute(f"SELECT last_value + is_called::int FROM {cursor.fetchone()[0]}")  # noqa: S608 (a sequence)
        return int(cursor.fetchone()[0])


def set_next_key(model: type[models.Model], number: int) -> None:
    """Set the next primary key, or the one after the last row if that is higher."""
    assert model._meta.pk is not None
    highest = models.QuerySet(model).aggregate(highest=models.Max("pk"))["highest"] or 0
    number = max(number, highest + 1)
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, number - 1])
        else:
            sequence = [f'"{table}"', model._meta.pk.column, number]
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, %s), %s, false)", sequence)


def get_max_key(model: type[models.Model]) -> int:
    """Return the highest primary key of the column's type."""
    assert model._meta.pk is not None
    _lowest, highest = connection.ops.integer_field_range(model._meta.pk.get_internal_type())
    return int(highest)


def list_own_migrations() -> dict[str, str]:
    """Return the last migration of each app of this program."""
    return dict(sorted(MigrationExecutor(connection).loader.graph.leaf_nodes()))


def has_no_tables() -> bool:
    """Return whether the database was never migrated."""
    return not connection.introspection.table_names()
