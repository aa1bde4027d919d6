"""The types with which each app's `privacy.py` declares its personal data, for `convention/privacy/`.

    PERSONAL_DATA = [PersonalDataSource(model=Order, purpose=_("orders"), address_columns=("email",))]
    NO_PERSONAL_DATA = {IdempotencyKey: "a hash"}  # related to such a table, but contains no personal data
    ERASURE_BLOCKERS = [coming_places]             # sentences: what has to be settled before an erasure
    RETENTION = [RetentionRule(...)]               # what is deleted automatically, and when
    AGREEMENTS = [agreements]                      # consents, and how each is withdrawn
    FREE_TEXT = {Payment: ("note",)}               # columns where others may have written the person's name
    TRANSIENT_TEXT = {Draft: ("content",)}         # rows that an erasure deletes if they name the person
    OWN_ADDRESSES = [addresses]                    # addresses of a person that the account does not list
    LEGAL_RETENTION = [invoices]                   # sentences: which documents the law requires to stay

An erasure removes the person's names and addresses from the `FREE_TEXT` columns of all rows.
"""

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.db.models.lookups import In
from django.utils.functional import Promise

from .text.email_addresses import normalize_email

type TranslatableText = str | Promise
type ErasureBlocker = TranslatableText | EventBlocker
type Row = Any
type RowKeys = list[Any]


@dataclass(frozen=True)
class EventTask:
    """Something that the organizers of an event can do on their page `page_name`, to unblock an erasure.

    `label` names it without the person, such as “Cancel or transfer registration 7KQ2”. `reference` is an
    argument of the page; `suffix` is a query string or a fragment.
    """

    label: TranslatableText
    page_name: str
    reference: str = ""
    suffix: str = ""


@dataclass(frozen=True)
class EventBlocker:
    """A sentence about what has to be settled at an event, and the tasks that settle it.

    `organizer_request` replaces the sentence for those who cannot do the tasks, only ask the organizers.
    """

    sentence: TranslatableText
    # An Event, whose module imports this one.
    event: Any
    tasks: tuple[EventTask, ...]
    organizer_request: TranslatableText

    def __str__(self) -> str:
        return str(self.sentence)


# A name as stored, such as (first name, last name).
type PersonName = tuple[str, ...]


@dataclass(frozen=True)
class DataSubject:
    """The person that data is about: their row, if any, and their addresses in normalized form.

    `names` are the person's names as stored in their own rows (`convention.privacy.find_data`). An automatic
    erasure is reviewed by nobody, so it leaves rows found by name alone.
    """

    person: Any = None
    addresses: frozenset[str] = frozenset()
    names: frozenset[PersonName] = frozenset()
    is_automatic: bool = False

    @property
    def person_id(self) -> int | None:
        return self.person.pk if self.person else None


def has_address_in_column(column: str, subject: DataSubject) -> Q:
    """Return a condition on rows: the column has an address of the subject, in capitals or not."""
    return Q(In(Lower(column), sorted(subject.addresses)))


@dataclass(frozen=True, kw_only=True)
class PersonalDataSource:
    """A table, or some of its rows, with personal data.

    `person_columns` and `address_columns` identify the person that a row is about; `parent_columns` point to
    a row of another table about that person; `actor_columns` identify a person who only did something: then
    `exported_columns` are the part of the row that is not another person's data. `name_columns` contain the
    subject's own name. `narrow_rows` filters the rows found by columns, `find_more_rows` adds others.

    An erasure deletes the rows (`is_deleted_on_erasure`), blanks `blanked_columns`, or keeps all for the
    `retention_reason`; rows that are `is_required_by_law` keep the name too. Rows about another person that
    only mention the subject lead to no other table.

    If two people are merged (`convention/club/merge_people/`), the duplicate's rows become the survivor's.
    `merge_rows(rows, survivor)` comes first: it combines or deletes those that the survivor has too. Rows
    that only belong to the duplicate's account are deleted with it (`is_deleted_on_merge`).
    """

    model: type[models.Model]
    purpose: TranslatableText
    name: TranslatableText = ""
    person_columns: tuple[str, ...] = ()
    address_columns: tuple[str, ...] = ()
    parent_columns: tuple[str, ...] = ()
    actor_columns: tuple[str, ...] = ()
    exported_columns: tuple[str, ...] = ()
    hidden_columns: tuple[str, ...] = ()
    name_columns: tuple[str, ...] = ()
    is_deleted_on_erasure: bool = False
    is_required_by_law: bool = False
    blanked_columns: tuple[str, ...] = ()
    retention_reason: TranslatableText = ""
    leads_to_other_tables: bool = True
    narrow_rows: Callable[["models.QuerySet[Any]", DataSubject], "models.QuerySet[Any]"] | None = None
    find_more_rows: Callable[[DataSubject], "models.QuerySet[Any]"] | None = None
    erase_rows: Callable[["models.QuerySet[Any]", DataSubject], None] | None = None
    export_extra: Callable[[Row], dict[str, Any]] | None = None
    export_files: Callable[[Row], Iterable[tuple[str, bytes]]] | None = None
    merge_rows: Callable[["models.QuerySet[Any]", Any], None] | None = None
    is_deleted_on_merge: bool = False

    @property
    def table_label(self) -> str:
        """Return the label for programs, such as `registrations.order`."""
        return self.model._meta.label_lower

    @property
    def title(self) -> str:
        """Return the name for people, by default the model's."""
        return str(self.name or self.model._meta.verbose_name_plural)

    @property
    def erasure_action(self) -> str:
        """Return the effect of an erasure: `deleted`, `blanked`, `anonymized`, or `required_by_law`."""
        if self.is_deleted_on_erasure:
            return "deleted"
        if self.is_required_by_law:
            return "required_by_law"
        return "blanked" if self.blanked_columns or self.erase_rows else "anonymized"

    @property
    def subject_columns(self) -> set[str]:
        """Return all columns that identify a subject."""
        return {*self.person_columns, *self.address_columns, *self.parent_columns, *self.actor_columns}

    def get_rows(self, keys: RowKeys) -> "models.QuerySet[Any]":
        return self.model._base_manager.filter(pk__in=keys).order_by("pk")

    def find_own_keys(self, subject: DataSubject) -> RowKeys:
        """Return the keys of rows that name the subject directly, not through another table."""
        rows = self.model._base_manager.all()
        subject_filter = Q(pk__in=[])
        if subject.person_id:
            for column in (*self.person_columns, *self.actor_columns):
                subject_filter |= Q(**{column: subject.person_id})
        for column in self.address_columns:
            subject_filter |= Q(pk__in=_keys_with_address(rows, column, subject.addresses))
        found = rows.filter(subject_filter)
        found = self.narrow_rows(found, subject) if self.narrow_rows else found
        keys = set(found.order_by().values_list("pk", flat=True))
        if self.find_more_rows:
            keys |= set(self.find_more_rows(subject).order_by().values_list("pk", flat=True))
        return sorted(keys)


def _keys_with_address(rows: "models.QuerySet[Any]", column: str, addresses: frozenset[str]) -> RowKeys:
    """Return the keys of rows whose column has one of these addresses, compared as `normalize_email` does."""
    # Compared again in Python, since databases lower-case more letters than ASCII.
    found = rows.alias(low=Lower(column)).filter(low__in=addresses).values_list("pk", column)
    return [pk for pk, address in found if normalize_email(address) in addresses]


@dataclass(frozen=True, kw_only=True)
class RetentionRule:
    """A limit on how long data is stored. `delete_older_than(at)` deletes older rows and returns how many.

    `days` is the default; the club may choose another number of at least `min_days`, unless it `is_fixed`.
    """

    slug: str
    name: TranslatableText
    counted_from: TranslatableText
    days: int
    delete_older_than: Callable[[datetime.datetime], int]
    min_days: int = 0
    is_fixed: bool = False


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """A consent that a person gave, or may give; with functions if it can be given or withdrawn here."""

    key: str
    title: TranslatableText
    text: TranslatableText = ""
    version: int = 1
    given_at: datetime.datetime | None = None
    withdrawn_at: datetime.datetime | None = None
    is_outdated: bool = False
    give_consent: Callable[[], object] | None = None
    withdraw_consent: Callable[[], object] | None = None

    @property
    def is_active(self) -> bool:
        return self.given_at is not None and self.withdrawn_at is None

    @property
    def can_be_given(self) -> bool:
        """Return whether a page offers to agree. Templates use this, since they would call `give_consent`."""
        return self.give_consent is not None and (self.is_outdated or not self.is_active)

    @property
    def can_be_withdrawn(self) -> bool:
        """Return whether a page offers to withdraw."""
        return self.withdraw_consent is not None and self.is_active
