"""What each app's `privacy.py` says of its tables that hold something of people: who is meant, what is
told of it, and what an erasure leaves. The privacy desk walks them (`convention/privacy/`).

    HOLDINGS = [Holding(model=Order, why=_("orders"), addresses=("email",), empties=("email",))]
    SILENT = {IdempotencyKey: "a hash"}          # hangs on such a table and says nothing of anybody
    OBSTACLES = [coming_places]                  # sentences: what has to be settled before an erasure
    RETENTION = [Rule(...)]                      # what goes by itself when its time is over
    AGREEMENTS = [agreements]                    # what somebody agreed to, and how it is taken back
    FREE_TEXT = {Payment: ("note",)}             # columns where others may have written the person's name
    TRANSIENT_TEXT = {Draft: ("content",)}       # rows that an erasure removes where they name the person
    OWN_ADDRESSES = [addresses]                  # addresses of a person that the account does not list
    LEGAL_RETENTION = [invoices]                 # sentences: which documents the law requires to stay

An erasure strikes the person's names and addresses out of the `FREE_TEXT` columns of any row.
"""

import datetime
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.db.models.lookups import In
from django.utils.functional import Promise

from .addresses import folded

type Words = str | Promise
type Row = Any
type Keys = list[Any]


type Name = tuple[str, ...]
"""A person's name as it is stored, such as (first name, last name)."""


@dataclass(frozen=True)
class Subject:
    """Whom it is about: the person where the club knows one, and the addresses that are theirs, folded.

    `names` are those under which rows of their own name them; `convention.privacy.held` finds them. In an
    automatic erasure nobody has looked at what is found, so rows found by name alone stay.
    """

    person: Any = None
    addresses: frozenset[str] = frozenset()
    names: frozenset[Name] = frozenset()
    is_automatic: bool = False

    @property
    def person_id(self) -> int | None:
        """The person's key."""
        return self.person.pk if self.person else None


def written_to(column: str, subject: Subject) -> Q:
    """A condition on rows: an address of the subject's stands in that column, in any capitals."""
    return Q(In(Lower(column), sorted(subject.addresses)))


@dataclass(frozen=True, kw_only=True)
class Holding:
    """One table, or some of its rows. Columns are named by what they say of somebody:

    `people` who the row is about; `addresses` an address of theirs; `through` a row of another table that is
    about them; `did` who only did something: then `tells` says what of the row is not somebody else's.
    `names` are the columns that hold their own name. `only` narrows the rows found by columns, `finds` adds
    others. At an erasure rows that are `gone` are removed, columns in `empties` emptied, else all stays,
    `because`; rows that stay `by_law` keep the name too. Rows that are about somebody else, and only mention
    them, lead to no other table.
    """

    model: type[models.Model]
    why: Words
    name: Words = ""
    people: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    through: tuple[str, ...] = ()
    did: tuple[str, ...] = ()
    tells: tuple[str, ...] = ()
    hides: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    gone: bool = False
    by_law: bool = False
    empties: tuple[str, ...] = ()
    because: Words = ""
    leads: bool = True
    only: Callable[["models.QuerySet[Any]", Subject], "models.QuerySet[Any]"] | None = None
    finds: Callable[[Subject], "models.QuerySet[Any]"] | None = None
    forget: Callable[["models.QuerySet[Any]", Subject], None] | None = None
    reads: Callable[[Row], dict[str, Any]] | None = None
    files: Callable[[Row], Iterable[tuple[str, bytes]]] | None = None

    @property
    def table(self) -> str:
        """Its name for programs, such as `registrations.order`."""
        return self.model._meta.label_lower

    @property
    def title(self) -> str:
        """Its name for people; the model's own where none is given."""
        return str(self.name or self.model._meta.verbose_name_plural)

    @property
    def fate(self) -> str:
        """What an erasure does: `gone`, `emptied`, `kept` without a name, or kept as it is by `law`."""
        if self.gone:
            return "gone"
        if self.by_law:
            return "law"
        return "emptied" if self.empties or self.forget else "kept"

    @property
    def answers(self) -> set[str]:
        """The columns that it says something of."""
        return {*self.people, *self.addresses, *self.through, *self.did}

    def rows(self, keys: Keys) -> "models.QuerySet[Any]":
        """Its rows with these keys."""
        return self.model._base_manager.filter(pk__in=keys).order_by("pk")

    def own(self, subject: Subject) -> Keys:
        """The keys of rows that name somebody themselves, not through another table."""
        rows = self.model._base_manager.all()
        named = Q(pk__in=[])
        if subject.person_id:
            for column in (*self.people, *self.did):
                named |= Q(**{column: subject.person_id})
        for column in self.addresses:
            named |= Q(pk__in=_with_address(rows, column, subject.addresses))
        found = rows.filter(named)
        found = self.only(found, subject) if self.only else found
        keys = set(found.order_by().values_list("pk", flat=True))
        if self.finds:
            keys |= set(self.finds(subject).order_by().values_list("pk", flat=True))
        return sorted(keys)


def _with_address(rows: "models.QuerySet[Any]", column: str, addresses: frozenset[str]) -> Keys:
    """The keys of rows with exactly one of these addresses; a database folds more than capitals."""
    found = rows.alias(low=Lower(column)).filter(low__in=addresses).values_list("pk", column)
    return [pk for pk, address in found if folded(address) in addresses]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """How long one kind of data is kept: `sweep` removes what is older than a moment, and says how much.

    `days` is the default; the club may choose another number, of at least `least`, unless it `is_fixed`.
    """

    slug: str
    name: Words
    since: Words
    days: int
    sweep: Callable[[datetime.datetime], int]
    least: int = 0
    is_fixed: bool = False


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Something that somebody agreed to, or may agree to; `withdraw` and `give` where it is done here."""

    key: str
    title: Words
    text: Words = ""
    version: int = 1
    given_at: datetime.datetime | None = None
    withdrawn_at: datetime.datetime | None = None
    is_outdated: bool = False
    give: Callable[[], object] | None = None
    withdraw: Callable[[], object] | None = None

    @property
    def stands(self) -> bool:
        """Whether it holds now."""
        return self.given_at is not None and self.withdrawn_at is None

    @property
    def may_be_given(self) -> bool:
        """Whether a page offers to agree; templates never name the act itself, for they would call it."""
        return self.give is not None and (self.is_outdated or not self.stands)

    @property
    def may_be_withdrawn(self) -> bool:
        """Whether a page offers to agree no more."""
        return self.withdraw is not None and self.stands


@dataclass(frozen=True)
class Answer:
    """What one app's `privacy.py` says, each part empty where it has nothing to say."""

    holdings: list[Holding] = field(default_factory=list)
    silent: Mapping[type[models.Model], str] = field(default_factory=dict)
    obstacles: list[Callable[[Subject], Iterable[Words]]] = field(default_factory=list)
    retention: list[Rule] = field(default_factory=list)
    agreements: list[Callable[[Subject], list[Agreement]]] = field(default_factory=list)
