"""Undo an import of the directory: what it made is removed, what it changed is as before.

What happened since is never undone: whoever signed in, registered, was changed or is named by anything else
stays with all that the list wrote of them, and is told.
"""

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import batched
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

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


class CannotUndo(ConventionError):
    """It was undone, wrote nothing, or is too long ago."""

    kind = "cannot-undo"
    status = 409


@dataclass
class Undone:
    """What undoing does, or would do: keys to remove by kind, values to restore, and what is left.

    `theirs` are the dated rows that the list made of each person, by kind and key.
    """

    removed: dict[str, list[int]] = field(default_factory=dict)
    restored: dict[str, dict[int, dict[str, Any]]] = field(default_factory=dict)
    left: list[tuple[str, str]] = field(default_factory=list)
    theirs: dict[int, list[tuple[str, int]]] = field(default_factory=lambda: defaultdict(list))

    def __str__(self) -> str:
        return _("%(removed)d removed, %(restored)d restored, %(left)d left as they are.") % {
            "removed": sum(map(len, self.removed.values())),
            "restored": sum(map(len, self.restored.values())),
            "left": len(self.left),
        }

    @property
    def is_anything(self) -> bool:
        """Whether something would be undone."""
        return any(self.removed.values()) or any(self.restored.values())


def foresee(run: DirectoryImport) -> Undone:
    """What undoing the import would do now."""
    done = Undone()
    found = {kind: _rows(model, run.made.get(kind, [])) for kind, model in KINDS.items()}
    for kind in DATED:
        for pk, row in found[kind].items():
            done.theirs[getattr(row, "person_id", 0)].append((kind, pk))
    _leave_changed(done, run, found)
    _leave_used(done, found)
    _leave_used_since(done, found, run.made_at)
    done.removed = {kind: sorted(rows) for kind, rows in found.items()}
    for kind, before in run.before.items():
        rows = _rows(KINDS[kind], map(int, before))
        done.restored[kind] = dict(_restorable(done, run, kind, rows))
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
        _restore(KINDS[kind], values)
    _part_with_markets(run, set(done.removed["company"]))
    for kind in ("seat", "contact", "employment", "role", "person", "company"):
        for batch in batched(done.removed[kind], BATCH, strict=False):
            KINDS[kind].objects.filter(pk__in=batch).delete()
    run.undone_at, run.undone_by_id = timezone.now(), current_actor.get().person_id
    run.made = run.before = run.after = {}
    run.save(update_fields=["undone_at", "undone_by", "made", "before", "after"])
    record("directory.undo_import", run)
    return done


def _rows(model: Any, keys: Iterable[int]) -> dict[int, Any]:
    """Rows by key, in batches that every database takes."""
    related = [name for name in ("person", "company", "membership") if hasattr(model, name)]
    rows = model.objects.select_related(*related) if related else model.objects.all()
    found: dict[int, Any] = {}
    for batch in batched(keys, BATCH, strict=False):
        found |= rows.in_bulk(batch)
    return found


def _leave_changed(done: Undone, run: DirectoryImport, found: dict[str, dict[int, Any]]) -> None:
    """What was ended or prolonged since stays, with whom and what it is about."""
    for kind in DATED:
        after = run.after.get(kind, {})
        for pk, row in list(found[kind].items()):
            if said({"ends_on": row.ends_on}) != after.get(str(pk)):
                _leave(done, found, kind, row, str(CHANGED))


def _leave_used(done: Undone, found: dict[str, dict[int, Any]]) -> None:
    """Whoever is named by anything that the list did not write stays with all of theirs; so do companies."""
    for kind in ("person", "company"):
        ours = {KINDS[name]: set(rows) for name, rows in found.items()}
        for pk in _named_elsewhere(KINDS[kind], list(found[kind]), ours):
            _leave(done, found, kind, found[kind][pk], str(IN_USE))


def _leave_used_since(done: Undone, found: dict[str, dict[int, Any]], since: datetime.datetime) -> None:
    """Whoever the club knew before keeps what they have used since, by what `settings.USED_SINCE` knows."""
    rows = {
        row.person_id: (kind, row)
        for kind in DATED
        for row in found[kind].values()
        if getattr(row, "person_id", None)
    }
    for batch in batched(sorted(rows), BATCH, strict=False):
        used = set().union(*(import_string(path)(batch, since) for path in settings.USED_SINCE))
        for person in sorted(used):
            kind, row = rows[person]
            _leave(done, found, kind, row, str(IN_USE))


def _leave(done: Undone, found: dict[str, dict[int, Any]], kind: str, row: Any, why: str) -> None:
    """Keep a row, and with a person or for a dated one all that stands with it."""
    if found[kind].pop(row.pk, None) is None:
        return
    done.left.append((str(row), why))
    person = row.pk if kind == "person" else getattr(row, "person_id", None)
    if person is None:
        return
    found["person"].pop(person, None)
    for other, pk in done.theirs.pop(person, []):
        found[other].pop(pk, None)


def _named_elsewhere(
    model: type[models.Model], keys: Collection[int], ours: dict[type[models.Model], set[int]]
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
        for batch in batched(keys, BATCH, strict=False):
            rows = other._base_manager.filter(**{f"{relation.field.name}__in": batch})
            named.update(key for pk, key in rows.values_list("pk", column) if pk not in made)
    return named


def _restorable(
    done: Undone, run: DirectoryImport, kind: str, rows: dict[int, Any]
) -> Iterator[tuple[int, dict[str, Any]]]:
    """The former values of those that still say what the list wrote."""
    for pk, row in rows.items():
        after = run.after[kind][str(pk)]
        if said({name: getattr(row, name) for name in after}) == after:
            yield pk, run.before[kind][str(pk)]
        else:
            done.left.append((str(row), str(CHANGED)))


def _restore(model: Any, values: dict[int, dict[str, Any]]) -> None:
    rows, names = _rows(model, values), set[str]()
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
