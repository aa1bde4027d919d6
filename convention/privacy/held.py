"""What the club holds of somebody: the rows of each table, found before anything is changed."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from django.db.models import Model, QuerySet

from convention.personal import Holding, Keys, Name, Subject

from .walk import holdings, own_addresses


@dataclass(frozen=True)
class Found:
    """Rows of one table that concern somebody."""

    holding: Holding
    keys: Keys

    @property
    def count(self) -> int:
        """How many."""
        return len(self.keys)

    @property
    def rows(self) -> "QuerySet[Any]":
        """The rows themselves."""
        return self.holding.rows(self.keys)


@dataclass
class Held:
    """All that concerns one subject; tables reached through others are followed."""

    subject: Subject
    known: dict[int, Keys] = field(default_factory=dict)

    @cached_property
    def all(self) -> list[Found]:
        """Each table with its rows, also where there are none."""
        return [Found(holding, self.keys_of(holding)) for holding in holdings()]

    @property
    def found(self) -> list[Found]:
        """Each table with at least one row."""
        return [one for one in self.all if one.keys]

    def keys_of(self, holding: Holding) -> Keys:
        """Its rows that name the subject, and those that hang on rows that do."""
        if id(holding) not in self.known:
            self.known[id(holding)] = []
            own = holding.own(self.subject)
            beyond = [key for column in holding.through for key in self._hanging(holding, column)]
            self.known[id(holding)] = sorted({*own, *beyond})
        return self.known[id(holding)]

    def _hanging(self, holding: Holding, column: str) -> Keys:
        target = holding.model._meta.get_field(column).related_model
        keys = [key for one in holdings() if leads_to(one, target) for key in self.keys_of(one)]
        if not keys:
            return []
        rows = holding.model._base_manager.filter(**{f"{column}__in": keys})
        return list(rows.order_by("pk").values_list("pk", flat=True).distinct())


def leads_to(holding: Holding, target: Any) -> bool:
    """Whether rows of that table are about the subject, so that what hangs on them is too."""
    model: type[Model] = holding.model
    return model is target and holding.leads and not (holding.did and not holding.answers - {*holding.did})


def with_names(subject: Subject) -> Subject:
    """Return the same person with every address and name that rows of their own hold."""
    found = replace(subject, addresses=subject.addresses | own_addresses(subject))
    return replace(found, names=frozenset(names_in(Held(found))))


def names_in(held: Held) -> Iterator[Name]:
    """Yield the names under which rows are stored that are the person's own."""
    for found in held.found:
        if columns := found.holding.names:
            yield from found.rows.order_by().values_list(*columns).distinct()
