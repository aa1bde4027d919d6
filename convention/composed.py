"""What is asked so often that to compose it costs more than the answer: composed once by the ORM."""

import datetime
from collections.abc import Callable
from copy import copy
from functools import cached_property
from typing import Any, Final

from django.db import connection
from django.db.models import Model, QuerySet

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
        composed, (statement, values) = self._all
        compiler = copy(composed)
        compiler.connection = connection
        compiler.as_sql = lambda *_, **__: (statement, self._put(values, given))
        query = copy(compiler.query)
        query.get_compiler = lambda *_, **__: compiler  # what reads rows asks for one to read them with
        return list(QuerySet(query.model, query))

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
    def _all(self) -> tuple[Any, tuple[str, Values]]:
        compiler = self.rows(*self.stand_ins).query.get_compiler(connection=connection)
        return compiler, compiler.as_sql()

    @cached_property
    def _exists(self) -> tuple[str, Values]:
        found: tuple[str, Values] = self.rows(*self.stand_ins).query.exists().sql_with_params()
        return found

    def _put(self, values: Values, given: Values) -> list[Any]:
        here = dict(zip(map(_adapted, self.stand_ins), map(_adapted, given), strict=True))
        return [here.get(value, value) for value in values]


def _adapted(value: Any) -> Any:
    """The value as the database compares it."""
    return connection.ops.adapt_datefield_value(value) if isinstance(value, datetime.date) else value
