"""Questions about somebody today whose composing costs more than their answer: composed once, asked often."""

import datetime
from collections.abc import Callable
from functools import cached_property
from typing import Any, Final

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from .models import Person

SOMEBODY: Final = -1
"""The key of whoever is asked about, until it is known."""
SOME_DAY: Final = datetime.date.min


class Composed:
    """Whether there is a row of a set, as the ORM composes it for a person on a day."""

    def __init__(self, rows: Callable[[Person, datetime.date], QuerySet[Any]]) -> None:
        self.rows = rows

    @cached_property
    def statement(self) -> tuple[str, tuple[Any, ...]]:
        """The statement and its values, among which somebody and some day stand for those of each call."""
        found: tuple[str, tuple[Any, ...]] = (
            self.rows(Person(pk=SOMEBODY), SOME_DAY).query.exists().sql_with_params()
        )
        return found

    def holds(self, person: Person) -> bool:
        """The answer for that person, today."""
        statement, values = self.statement
        day = connection.ops.adapt_datefield_value
        given = {SOMEBODY: person.pk, day(SOME_DAY): day(timezone.localdate())}
        with connection.cursor() as cursor:
            cursor.execute(statement, [given.get(value, value) for value in values])
            return cursor.fetchone() is not None
