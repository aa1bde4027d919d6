"""What is asked so often that to compose it costs more than the answer: composed once by the ORM."""

import datetime
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any, Final

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import FETCH_ONE, Model, QuerySet
from django.db.models.base import ModelState
from django.db.models.query import get_related_populators

type Values = tuple[Any, ...]
SOMEBODY: Final = -1
SOME_DAY: Final = datetime.date.min


class Composed[Row: Model]:
    """A set of rows for given values, composed with stand-ins; each call puts its own values in their place.

    A stand-in is of the kind of its value (a number, a text, a day), and none that the set names by itself.
    """

    def __init__(self, rows: Callable[..., QuerySet[Row]], *stand_ins: Any) -> None:
        self.rows, self.stand_ins = rows, stand_ins

    def all(self, *given: Any) -> list[Row]:
        """The rows for these values."""
        reading = self._reading
        with connection.cursor() as cursor:
            cursor.execute(reading.statement, self._put(reading.values, given))
            return [reading.row(cells) for cells in cursor.fetchall()]

    def first(self, *given: Any) -> Row | None:
        """The first of the rows for these values; a set of many is to be cut to one by itself."""
        return next(iter(self.all(*given)), None)

    def exists(self, *given: Any) -> bool:
        """Whether there is a row for these values."""
        statement, values = self._exists
        with connection.cursor() as cursor:
            cursor.execute(statement, self._put(values, given))
            return cursor.fetchone() is not None

    @cached_property
    def _reading(self) -> "Reading[Row]":
        return Reading(self.rows(*self.stand_ins))

    @cached_property
    def _exists(self) -> tuple[str, Values]:
        found: tuple[str, Values] = self.rows(*self.stand_ins).query.exists().sql_with_params()
        return found

    def _put(self, values: Values, given: Values) -> list[Any]:
        here = dict(zip(map(_adapted, self.stand_ins), map(_adapted, given), strict=True))
        return [here.get(value, value) for value in values]


class Reading[Row: Model]:
    """How the rows of a set are read, as `ModelIterable` of Django's does, but that it is found out once."""

    def __init__(self, rows: QuerySet[Row]) -> None:
        compiler = rows.query.get_compiler(connection=connection)
        self.statement, self.values = compiler.as_sql()
        select, found = compiler.select, compiler.klass_info
        first, *_between = places = found["select_fields"]
        self.own = slice(first, places[-1] + 1)
        self.names = [column.target.attname for column, *_ in select[self.own]]
        self.model = found["model"]
        self.related = get_related_populators(found, select, rows.db, FETCH_ONE)
        _make_rows_directly(self.related)
        self.converters = compiler.get_converters([column for column, *_ in select])

    def row(self, cells: Sequence[Any]) -> Row:
        """One of them, with what was selected along with it."""
        values = list(cells)
        for place, (convert, expression) in self.converters.items():
            for one in convert:
                values[place] = one(values[place], expression, connection)
        row: Row = stored_row(self.model, self.names, values[self.own])
        for related in self.related:
            related.populate(values, row)
        return row


def _make_rows_directly(populators: Iterable[Any]) -> None:
    for one in populators:
        one.from_db = lambda _db, names, values, model=one.model_cls: stored_row(model, names, values)
        _make_rows_directly(one.related_populators)


def stored_row[Row: Model](model: type[Row], names: Iterable[str], values: Iterable[Any]) -> Row:
    """A row as `from_db` would make it, but that no field is set in its turn and no signal is sent."""
    row = model.__new__(model)
    row._state = state = ModelState()
    state.adding, state.db = False, DEFAULT_DB_ALIAS
    vars(row).update(zip(names, values, strict=True))
    return row


def _adapted(value: Any) -> Any:
    """The value as the database compares it."""
    return connection.ops.adapt_datefield_value(value) if isinstance(value, datetime.date) else value
