"""Statements composed once instead of at every call: composing costs the ORM more than running them.

They serve the rush, when thousands want the last places at once, and do what the ORM's would do.
"""

import datetime
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, partial
from itertools import islice
from typing import Any

from django.db import IntegrityError, connection, models
from django.db.models.base import ModelState
from django.db.models.expressions import Col

from convention.composed import stored_row

type Convert = Callable[[Any], Any]
AS_IT_IS: dict[type[models.Field[Any, Any]], type] = {
    models.CharField: str, models.TextField: str, models.BooleanField: bool, models.IntegerField: int,
}  # fmt: skip
"""What fields do nothing to before it is written; asking each of fifty fields costs more than the rest."""


def kept_cursor() -> Any:
    """A cursor whose statements PostgreSQL keeps prepared; the usual one elsewhere."""
    kept = getattr(connection, "kept_cursor", None)
    return kept() if kept else connection.cursor()


def constraint_of(error: IntegrityError) -> str:
    """The constraint that PostgreSQL says was broken."""
    return str(getattr(getattr(error.__cause__, "diag", None), "constraint_name", ""))


def adapted(at: datetime.datetime) -> Any:
    """A moment as the database compares it."""
    return connection.ops.adapt_datetimefield_value(at)


def columns(model: type[models.Model], alias: str) -> str:
    """All of a model's columns in the order of its fields, under an alias."""
    return ", ".join(f"{alias}.{field.column}" for field in model._meta.concrete_fields)


def row_of[Row: models.Model](model: type[Row], cells: Iterator[Any], names: tuple[str, ...] = ()) -> Row:
    """A row of the model out of its next cells, in the order of its fields, or of those that are named."""
    names, converters = _shape(model, names)
    values = list(islice(cells, len(names)))
    for index, convert in converters:
        values[index] = convert(values[index])
    return stored_row(model, names, values)


def made[Row: models.Model](model: type[Row], **given: Any) -> Row:
    """A new row, not stored yet, as `model(**given)` would make it, but that no signal is sent."""
    row = model.__new__(model)
    row._state = ModelState()
    values = vars(row)
    values.update(_constants(model))
    for name, default in _chances(model):
        values[name] = default()
    for name, value in given.items():
        setattr(row, name, value)
    return row


@cache
def _constants(model: type[models.Model]) -> dict[str, Any]:
    """What a new row begins with, by attribute, where it is the same for all."""
    fixed = (field for field in model._meta.concrete_fields if not _differs(field))
    return {field.attname: field.get_default() for field in fixed}


@cache
def _chances(model: type[models.Model]) -> list[tuple[str, Callable[[], Any]]]:
    """What is another value, or another list, for each new row."""
    return [(field.attname, field.get_default) for field in model._meta.concrete_fields if _differs(field)]


def _differs(field: "models.Field[Any, Any]") -> bool:
    return field.has_default() and callable(field.default)


def twin_of[Row: models.Model](row: Row) -> Row:
    """The same row as if read once more; what it relates to is not taken along."""
    held = {name: value for name, value in vars(row).items() if name != "_state"}
    return stored_row(type(row), held, held.values())


@cache
def _shape(
    model: type[models.Model], names: tuple[str, ...]
) -> tuple[tuple[str, ...], list[tuple[int, Convert]]]:
    """The names of these fields, or of all, and what makes the database's values ours, by place."""
    names = names or tuple(field.attname for field in model._meta.concrete_fields)
    return names, conversions([(model, names)])


def conversions(read: Iterable[tuple[type[models.Model], Iterable[str]]]) -> list[tuple[int, Convert]]:
    """Which cells of a row of these models' columns the database gives in another form, and what mends it."""
    fields = [
        {field.attname: field for field in model._meta.concrete_fields}[name]
        for model, names in read
        for name in names
    ]
    return [(index, convert) for index, field in enumerate(fields) for convert in _converters(field)]


def _converters(field: "models.Field[Any, Any]") -> Iterator[Convert]:
    column = Col(field.model._meta.db_table, field)
    for convert in connection.ops.get_db_converters(column) + field.get_db_converters(connection):
        yield partial(_converted, convert, column)


def _converted(convert: Any, column: Col, value: Any) -> Any:
    return convert(value, column, connection)


def insert(rows: Sequence[models.Model]) -> None:
    """Add rows of one model, and give them their keys."""
    with connection.cursor() as cursor:
        cursor.execute(_insertion(type(rows[0]), len(rows)), [v for row in rows for v in values_of(row)])
        for row, (key,) in zip(rows, cursor.fetchall(), strict=True):
            stored(row, key)


def stored(row: models.Model, key: Any) -> None:
    """Note that the row stands in the database now, under that key."""
    row.pk = key
    row._state.adding = False


def values_of(row: models.Model, besides: tuple[str, ...] = ()) -> list[Any]:
    """What is written of a row, but for its key and some columns."""
    given = vars(row)
    return [
        value
        if (value := given.get(name)).__class__ in kinds
        else field.get_db_prep_save(field.pre_save(row, add=True), connection)
        for name, kinds, field in _writing(type(row), besides)
    ]


@cache
def _writing(model: type[models.Model], besides: tuple[str, ...]) -> list[tuple[str, tuple[type, ...], Any]]:
    """The fields of an insertion: where each value is, and of which kinds one is that goes as it is."""
    return [(field.attname, tuple(_written_as_it_is(field)), field) for field in fields_of(model, besides)]


def _written_as_it_is(field: Any) -> Iterator[type]:
    """The kinds of values that the field gives to the driver unchanged: none too, unless it fills that in."""
    told = field.target_field if field.is_relation else field
    yield from (kind for known, kind in AS_IT_IS.items() if isinstance(told, known))
    if not (getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)):
        yield type(None)


@cache
def fields_of(model: type[models.Model], besides: tuple[str, ...] = ()) -> list[Any]:
    """The columns that an insertion writes: all but an automatic key, and but for some."""
    written = [f for f in model._meta.local_concrete_fields if not isinstance(f, models.AutoField)]
    return [field for field in written if field.column not in besides]


@cache
def _insertion(model: type[models.Model], rows: int) -> str:
    marks = ", ".join(["%s"] * len(fields_of(model)))
    groups = ", ".join([f"({marks})"] * rows)
    return f"INSERT INTO {target(model)} VALUES {groups} RETURNING {model._meta.pk.column}"  # noqa: S608 (our names)


@cache
def insertion_from(model: type[models.Model], source: str, **given: str) -> str:
    """An insertion whose values are marks, but for columns given as expressions over what `source` names."""
    columns = tuple(given)
    marks = ", ".join(["%s"] * len(fields_of(model, columns)) + list(given.values()))
    return f"INSERT INTO {target(model, columns)} SELECT {marks} FROM {source}"  # noqa: S608 (our names)


def target(model: type[models.Model], last: tuple[str, ...] = ()) -> str:
    """The table and its columns, some of them last."""
    names = [field.column for field in fields_of(model, last)] + list(last)
    return f"{model._meta.db_table} ({', '.join(names)})"
