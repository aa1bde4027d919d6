"""Find the rows of each table that concern a person, before anything is changed."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from django.db.models import Model, QuerySet

from convention.personal_data import DataSubject, PersonalDataSource, PersonName, RowKeys

from .models import PrivacyCase
from .registry import find_own_addresses, list_data_sources


@dataclass(frozen=True)
class FoundRows:
    """The rows of one data source that concern a subject."""

    source: PersonalDataSource
    keys: RowKeys

    @property
    def row_count(self) -> int:
        return len(self.keys)

    @property
    def rows(self) -> "QuerySet[Any]":
        return self.source.get_rows(self.keys)


@dataclass
class SubjectData:
    """All rows that concern one subject, found through other tables too."""

    subject: DataSubject
    cached_keys: dict[int, RowKeys] = field(default_factory=dict)

    @cached_property
    def tables(self) -> list[FoundRows]:
        """Return every data source with its rows, including sources without any."""
        return [FoundRows(source, self.get_keys(source)) for source in list_data_sources()]

    @property
    def tables_with_rows(self) -> list[FoundRows]:
        return [table for table in self.tables if table.keys]

    @property
    def has_stored_data(self) -> bool:
        """Return whether the club stores more about the subject than their privacy requests."""
        return any(table.source.model is not PrivacyCase for table in self.tables_with_rows)

    def get_keys(self, source: PersonalDataSource) -> RowKeys:
        """Return the keys of rows that name the subject, and of rows that depend on such rows."""
        if id(source) not in self.cached_keys:
            # Sources may depend on each other: the empty list ends the recursion.
            self.cached_keys[id(source)] = []
            own = source.find_own_keys(self.subject)
            dependent = [
                key for column in source.parent_columns for key in self._find_dependent_keys(source, column)
            ]
            self.cached_keys[id(source)] = sorted({*own, *dependent})
        return self.cached_keys[id(source)]

    def _find_dependent_keys(self, source: PersonalDataSource, column: str) -> RowKeys:
        target = source.model._meta.get_field(column).related_model
        keys = [
            key
            for other in list_data_sources()
            if is_about_subject(other, target)
            for key in self.get_keys(other)
        ]
        # Otherwise each table would cost a query for an empty list.
        if not keys:
            return []
        rows = source.model._base_manager.filter(**{f"{column}__in": keys})
        return list(rows.order_by("pk").values_list("pk", flat=True).distinct())


def is_about_subject(source: PersonalDataSource, target: Any) -> bool:
    """Return whether the rows of that source are about the subject, and so are rows that depend on them."""
    model: type[Model] = source.model
    return (
        model is target
        and source.leads_to_other_tables
        # Rows that a person only acted on, such as orders cancelled for others, are not about that person.
        and not (source.actor_columns and not source.subject_columns - {*source.actor_columns})
    )


def add_known_addresses(subject: DataSubject) -> DataSubject:
    """Return the subject with every address that rows of their own contain."""
    return replace(subject, addresses=subject.addresses | find_own_addresses(subject))


def add_known_names(subject: DataSubject) -> DataSubject:
    """Return the subject with every address and name that rows of their own contain."""
    # Addresses first: rows found by an address bring further names.
    with_addresses = add_known_addresses(subject)
    return replace(with_addresses, names=frozenset(iterate_names(SubjectData(with_addresses))))


def iterate_names(data: SubjectData) -> Iterator[PersonName]:
    """Yield the names on the person's own rows."""
    for table in data.tables_with_rows:
        if columns := table.source.name_columns:
            yield from table.rows.order_by().values_list(*columns).distinct()
