"""Read and insert rows with statements that are built once.

For the ORM, building a statement takes longer than PostgreSQL needs to run it, which matters in a rush.
Results are the same as the ORM's.
"""

import datetime
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, partial
from itertools import islice
from typing import Any

from django.db import IntegrityError, connection, models
from django.db.models.base import ModelState
from django.db.models.expressions import Col

from convention.db.compiled_query import make_stored_instance

type ValueConverter = Callable[[Any], Any]
# Values of these types are passed to the driver as they are; asking fifty fields each time costs more than
# all the rest.
UNCONVERTED_TYPES: dict[type[models.Field[Any, Any]], type] = {
    models.CharField: str, models.TextField: str, models.BooleanField: bool, models.IntegerField: int,
}  # fmt: skip


def prepared_cursor() -> Any:
    """Return a cursor whose statements PostgreSQL keeps prepared; the usual one on other databases."""
    make_cursor = getattr(connection, "prepared_cursor", None)
    return make_cursor() if make_cursor else connection.cursor()


def get_constraint_name(error: IntegrityError) -> str:
    """Return the name of the violated constraint, as PostgreSQL reports it; else an empty string."""
    return str(getattr(getattr(error.__cause__, "diag", None), "constraint_name", ""))


def adapt_time(at: datetime.datetime) -> Any:
    """Return a time as a parameter of the database."""
    return connection.ops.adapt_datetimefield_value(at)


def list_columns(model: type[models.Model], alias: str) -> str:
    """Return all columns of a model, in the order of its fields, for a SELECT."""
    return ", ".join(f"{alias}.{field.column}" for field in model._meta.concrete_fields)


def parse_row[Row: models.Model](model: type[Row], cells: Iterator[Any], names: tuple[str, ...] = ()) -> Row:
    """Build a stored instance from the next cells, for all fields or those named."""
    names, converters = _row_shape(model, names)
    values = list(islice(cells, len(names)))
    for index, convert in converters:
        values[index] = convert(values[index])
    return make_stored_instance(model, names, values)


def new_instance[Row: models.Model](model: type[Row], **given: Any) -> Row:
    """Return an unsaved instance as `model(**given)` would, without sending signals."""
    # `Model.__init__` sends signals and looks at every field, which costs more than the INSERT.
    row = model.__new__(model)
    row._state = ModelState()
    values = vars(row)
    values.update(_static_defaults(model))
    for name, default in _callable_defaults(model):
        values[name] = default()
    for name, value in given.items():
        setattr(row, name, value)
    return row


@cache
def _static_defaults(model: type[models.Model]) -> dict[str, Any]:
    """Return the defaults that are the same for all rows, by attribute."""
    fixed = (field for field in model._meta.concrete_fields if not _has_callable_default(field))
    return {field.attname: field.get_default() for field in fixed}


@cache
def _callable_defaults(model: type[models.Model]) -> list[tuple[str, Callable[[], Any]]]:
    """Return the defaults that are computed for each row."""
    return [
        (field.attname, field.get_default)
        for field in model._meta.concrete_fields
        if _has_callable_default(field)
    ]


def _has_callable_default(field: "models.Field[Any, Any]") -> bool:
    return field.has_default() and callable(field.default)


def clone_instance[Row: models.Model](row: Row) -> Row:
    """Return a copy as if the row had been read again; related objects are not copied."""
    values = {name: value for name, value in vars(row).items() if name != "_state"}
    return make_stored_instance(type(row), values, values.values())


@cache
def _row_shape(
    model: type[models.Model], names: tuple[str, ...]
) -> tuple[tuple[str, ...], list[tuple[int, ValueConverter]]]:
    """Return the fields' names and the converters of their values, by index."""
    names = names or tuple(field.attname for field in model._meta.concrete_fields)
    return names, find_conversions([(model, names)])


def find_conversions(
    read: Iterable[tuple[type[models.Model], Iterable[str]]],
) -> list[tuple[int, ValueConverter]]:
    """Return index and converter of the cells that the database returns in another form."""
    fields = [
        {field.attname: field for field in model._meta.concrete_fields}[name]
        for model, names in read
        for name in names
    ]
    return [(index, convert) for index, field in enumerate(fields) for convert in _field_converters(field)]


def _field_converters(field: "models.Field[Any, Any]") -> Iterator[ValueConverter]:
    column = Col(field.model._meta.db_table, field)
    for convert in connection.ops.get_db_converters(column) + field.get_db_converters(connection):
        yield partial(_convert_value, convert, column)


# Converters of the ORM take the column and the connection too.
def _convert_value(convert: Any, column: Col, value: Any) -> Any:
    return convert(value, column, connection)


def insert_rows(rows: Sequence[models.Model]) -> None:
    """Insert rows of one model, and set their ids."""
    with connection.cursor() as cursor:
        cursor.execute(
            _build_insert(type(rows[0]), len(rows)), [v for row in rows for v in list_insert_values(row)]
        )
        for row, (key,) in zip(rows, cursor.fetchall(), strict=True):
            set_saved(row, key)


def set_saved(row: models.Model, key: Any) -> None:
    """Mark an instance as saved under this id."""
    row.pk = key
    row._state.adding = False


def list_insert_values(row: models.Model, excluded: tuple[str, ...] = ()) -> list[Any]:
    """Return a row's parameters for an INSERT, without its id and the excluded columns."""
    attributes = vars(row)
    return [
        value
        if (value := attributes.get(name)).__class__ in kinds
        else field.get_db_prep_save(field.pre_save(row, add=True), connection)
        for name, kinds, field in _find_insert_fields(type(row), excluded)
    ]


@cache
def _find_insert_fields(
    model: type[models.Model], excluded: tuple[str, ...]
) -> list[tuple[str, tuple[type, ...], Any]]:
    """Return attribute, types that need no conversion, and field, for each inserted column."""
    return [
        (field.attname, tuple(_list_unconverted_types(field)), field)
        for field in list_insert_fields(model, excluded)
    ]


def _list_unconverted_types(field: Any) -> Iterator[type]:
    """Yield the types that the field passes to the driver as they are; None too, unless it is filled in."""
    value_field = field.target_field if field.is_relation else field
    yield from (kind for field_type, kind in UNCONVERTED_TYPES.items() if isinstance(value_field, field_type))
    if not (getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)):
        yield type(None)


@cache
def list_insert_fields(model: type[models.Model], excluded: tuple[str, ...] = ()) -> list[Any]:
    """Return the fields that an INSERT writes: without an automatic id and the excluded columns."""
    fields = [f for f in model._meta.local_concrete_fields if not isinstance(f, models.AutoField)]
    return [field for field in fields if field.column not in excluded]


@cache
def _build_insert(model: type[models.Model], rows: int) -> str:
    placeholders = ", ".join(["%s"] * len(list_insert_fields(model)))
    groups = ", ".join([f"({placeholders})"] * rows)
    return f"INSERT INTO {make_insert_target(model)} VALUES {groups} RETURNING {model._meta.pk.column}"  # noqa: S608 (our names)


@cache
def build_insert_select(model: type[models.Model], source: str, **given: str) -> str:
    """Return an INSERT of parameters, with some columns given as expressions over `source`."""
    columns = tuple(given)
    values = ", ".join(["%s"] * len(list_insert_fields(model, columns)) + list(given.values()))
    return f"INSERT INTO {make_insert_target(model, columns)} SELECT {values} FROM {source}"  # noqa: S608 (our names)


def make_insert_target(model: type[models.Model], last: tuple[str, ...] = ()) -> str:
    """Return table and columns of an INSERT; `last` are the columns at the end."""
    names = [field.column for field in list_insert_fields(model, last)] + list(last)
    return f"{model._meta.db_table} ({', '.join(names)})"
