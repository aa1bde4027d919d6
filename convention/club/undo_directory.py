"""Undo an import of the directory: what it made is removed, what it changed is as before.

What happened since is never undone: whoever signed in, registered, was changed or is named by anything else
stays with all that the list wrote of them, and is told.
"""

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Set
from dataclasses import dataclass, field
from functools import cached_property
from itertools import batched
from typing import Any, Final, NamedTuple

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convention import hooks
from convention.actor import current_actor
from convention.audit.record import record
from convention.errors import ConventionError
from convention.turns import take_turn

from .directory_write import DATED, KINDS, said
from .import_directory import TURN
from .models import Company, DirectoryImport

CHANGED = gettext_lazy("was changed since")
IN_USE = gettext_lazy("is in use since")
BATCH = 5000
NAMED: Final = 100
"""So many of those that are left are named; the others are counted."""


class CannotUndo(ConventionError):
    """It was undone, wrote nothing, or is too long ago."""

    kind = "cannot-undo"
    status = 409


NAMED_WITH: Final = {
    "role": ("company",),
    "employment": ("person", "company"),
    "contact": ("person", "company"),
    "seat": ("person", "membership__company"),
}
"""What the name of a row is made of besides."""


class Fact(NamedTuple):
    """What is looked at of a row before it is removed: whose it is, and its last day."""

    person_id: int | None = None
    ends_on: datetime.date | None = None


type Found = dict[str, dict[int, Fact]]
"""Rows by kind and key."""


@dataclass
class Undone:
    """What undoing does, or would do: keys to remove by kind, values to restore, and what is left and why.

    `theirs` are the dated rows that the list made of each person, by kind and key.
    """

    removed: dict[str, list[int]] = field(default_factory=dict)
    restored: dict[str, dict[int, dict[str, Any]]] = field(default_factory=dict)
    left: list[tuple[str, int, str]] = field(default_factory=list)
    theirs: dict[int, list[tuple[str, int]]] = field(default_factory=lambda: defaultdict(list))

    def __str__(self) -> str:
        return _("%(removed)d removed, %(restored)d restored, %(left)d left as they are.") % {
            "removed": sum(map(len, self.removed.values())),
            "restored": sum(map(len, self.restored.values())),
            "left": len(self.left),
        }

    @cached_property
    def named(self) -> list[tuple[str, str]]:
        """The first of those that are left, by their names, with the reason."""
        shown, names = self.left[:NAMED], dict[tuple[str, int], str]()
        for kind in {kind for kind, _pk, _why in shown}:
            rows = _whole(kind, [pk for one, pk, _why in shown if one == kind])
            names |= {(kind, pk): str(row) for pk, row in rows.items()}
        return [(names[kind, pk], why) for kind, pk, why in shown]

    @property
    def is_anything(self) -> bool:
        """Whether something would be undone."""
        return any(self.removed.values()) or any(self.restored.values())


def foresee(run: DirectoryImport) -> Undone:
    """What undoing the import would do now."""
    done = Undone()
    found = {kind: _facts(model, run.made.get(kind, [])) for kind, model in KINDS.items()}
    for kind in DATED:
        for pk, row in found[kind].items():
            done.theirs[row.person_id or 0].append((kind, pk))
    _leave_changed(done, run, found)
    _leave_used(done, found)
    _leave_used_since(done, found, run.made_at)
    done.removed = {kind: sorted(rows) for kind, rows in found.items()}
    for kind, before in run.before.items():
        done.restored[kind] = dict(_restorable(done, run, kind, list(map(int, before))))
    return done


@transaction.atomic
def undo_directory(*, run: DirectoryImport) -> Undone:
    """Undo once, all that can be. Raises CannotUndo."""
    take_turn(TURN)
    run = DirectoryImport.objects.select_for_update(of=("self",)).get(pk=run.pk)
    if not run.may_be_undone:
        raise CannotUndo(_("This import was undone already, changed nothing, or is too long ago."))
    done = foresee(run)
    for kind, values in done.restored.items():
        _restore(kind, values)
    _part_with_markets(run, set(done.removed["company"]))
    for kind in ("seat", "contact", "employment", "role", "person", "company"):
        for batch in batched(done.removed[kind], BATCH, strict=False):
            KINDS[kind].objects.filter(pk__in=batch).delete()
    run.undone_at, run.undone_by_id = timezone.now(), current_actor.get().person_id
    run.made = run.before = run.after = {}
    run.save(update_fields=["undone_at", "undone_by", "made", "before", "after"])
    record("directory.undo_import", run)
    return done


def _facts(model: Any, keys: Collection[int]) -> dict[int, Fact]:
    """What is looked at of the rows of these keys."""
    known = {column.attname for column in model._meta.concrete_fields}
    names = [name for name in Fact._fields if name in known]
    rows = _between(model.objects.all(), "pk", keys).values_list("pk", *names)
    wanted = set(keys)
    return {pk: Fact(**dict(zip(names, row, strict=True))) for pk, *row in rows if pk in wanted}


def _between(rows: Any, name: str, keys: Collection[int]) -> Any:
    """Rows from the least key to the greatest.

    The keys of an import stand together: this finds few others, and is far quicker than naming each.
    """
    if not keys:
        return rows.none()
    return rows.order_by().filter(**{f"{name}__gte": min(keys), f"{name}__lte": max(keys)})


def _whole(kind: str, keys: Iterable[int]) -> dict[int, Any]:
    """Rows by key, with what their names need."""
    model, related = KINDS[kind], NAMED_WITH.get(kind, ())
    rows = model.objects.select_related(*related) if related else model.objects.all()
    found: dict[int, Any] = {}
    for batch in batched(keys, BATCH, strict=False):
        found |= rows.in_bulk(batch)
    return found


def _leave_changed(done: Undone, run: DirectoryImport, found: Found) -> None:
    """What was ended or prolonged since stays, with whom and what it is about."""
    for kind in DATED:
        after = run.after.get(kind, {})
        for pk, row in list(found[kind].items()):
            if said({"ends_on": row.ends_on}) != after.get(str(pk)):
                _leave(done, found, (kind, pk), str(CHANGED))


def _leave_used(done: Undone, found: Found) -> None:
    """Whoever is named by anything that the list did not write stays with all of theirs; so do companies."""
    for kind in ("person", "company"):
        ours = {KINDS[name]: set(rows) for name, rows in found.items()}
        for pk in _named_elsewhere(KINDS[kind], found[kind].keys(), ours):
            _leave(done, found, (kind, pk), str(IN_USE))


def _leave_used_since(done: Undone, found: Found, since: datetime.datetime) -> None:
    """Whoever the club knew before keeps what they have used since, by what `hooks.person_uses` knows."""
    rows = {row.person_id: (kind, pk) for kind in DATED for pk, row in found[kind].items() if row.person_id}
    for batch in batched(sorted(rows), BATCH, strict=False):
        used = set().union(*(find(batch, since) for find in hooks.person_uses.providers()))
        for person in sorted(used):
            _leave(done, found, rows[person], str(IN_USE))


def _leave(done: Undone, found: Found, row: tuple[str, int], why: str) -> None:
    """Keep a row, and with a person or for a dated one all that stands with it."""
    kind, pk = row
    if (fact := found[kind].pop(pk, None)) is None:
        return
    done.left.append((kind, pk, why))
    person = pk if kind == "person" else fact.person_id
    if person is None:
        return
    found["person"].pop(person, None)
    for other, theirs in done.theirs.pop(person, []):
        found[other].pop(theirs, None)


def _named_elsewhere(
    model: type[models.Model], keys: Set[int], ours: dict[type[models.Model], set[int]]
) -> set[int]:
    """Which of the rows are named by rows that the import did not make, of whatever app."""
    named = set[int]()
    for relation in model._meta.get_fields(include_hidden=True):
        if not isinstance(relation, models.ManyToOneRel) or not keys:
            continue
        other, column = relation.related_model, relation.field.attname
        assert not isinstance(other, str)
        if other is Company.markets.through:
            continue
        made = ours.get(other, set())
        rows = _between(other._base_manager.all(), column, keys).values_list("pk", column)
        named.update(key for pk, key in rows.iterator() if key in keys and pk not in made)
    return named


def _restorable(
    done: Undone, run: DirectoryImport, kind: str, keys: list[int]
) -> Iterator[tuple[int, dict[str, Any]]]:
    """The former values of those that still say what the list wrote."""
    for pk, row in _saying(KINDS[kind], keys, {name for one in run.after[kind].values() for name in one}):
        after = run.after[kind][str(pk)]
        if said({name: row[name] for name in after}) == after:
            yield pk, run.before[kind][str(pk)]
        else:
            done.left.append((kind, pk, str(CHANGED)))


def _saying(model: Any, keys: list[int], names: Collection[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """What the rows of these keys say under these names."""
    wanted = set(keys)
    for row in _between(model.objects.all(), "pk", keys).values("pk", *names):
        if row["pk"] in wanted:
            yield row["pk"], row


def _restore(kind: str, values: dict[int, dict[str, Any]]) -> None:
    model, rows, names = KINDS[kind], _whole(kind, values), set[str]()
    for pk, row in rows.items():
        for name, value in values[pk].items():
            setattr(row, name, model._meta.get_field(name).to_python(value))
            names.add(name)
    if names:
        model.objects.bulk_update(rows.values(), sorted(names), 500)


def _part_with_markets(run: DirectoryImport, removed: set[int]) -> None:
    """Companies that stay sell no longer in the markets that the list said."""
    through = Company.markets.through
    for company, market in run.made.get("market", []):
        if company not in removed:
            through.objects.filter(company=company, market=market).delete()
