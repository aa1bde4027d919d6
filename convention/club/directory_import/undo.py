"""Undo a directory import: delete what it created, and restore the values that it changed.

Rows that have been used since are skipped and listed: people who signed in, registered, were changed or are
referenced by other rows stay, with everything that the list wrote about them.
"""

import datetime
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from functools import cached_property
from itertools import batched
from typing import Any, Final, NamedTuple

from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from convention import hooks
from convention.actor import current_actor
from convention.audit.record import record_action
from convention.club.models import UNDO_PERIOD, Company, DirectoryImport, Membership, Person
from convention.club.people import find_address_holder, record_new_address
from convention.db.advisory_locks import acquire_advisory_lock
from convention.errors import ConventionError

from .changes import DATED_KINDS, ROW_MODELS, WATCHED_COLUMNS, serialize_values
from .forbidden_changes import find_protected_people, find_protected_roles
from .import_directory import DIRECTORY_LOCK

CHANGED_REASON = gettext_lazy("changed since the import")


RENEWED_REASON = gettext_lazy("renewed since the import")


IN_USE_REASON = gettext_lazy("in use since the import (%(uses)s)")


ACTIVE_REASON = gettext_lazy("this person has registered or been given a role since the import")


PROTECTED_REASON = gettext_lazy("only administrators can change it")


ADDRESS_TAKEN_REASON = gettext_lazy("another person has the earlier address now")


NEW_EMPLOYER_REASON = gettext_lazy("this person’s new employment stays")


NEW_SEAT_REASON = gettext_lazy("this person’s new seat stays")


# Databases limit the number of parameters of a statement.
BATCH_SIZE = 5000


# The others are only counted.
MAX_NAMED_ROWS: Final = 100


class DirectoryUndoRefused(ConventionError):
    """The import was undone already, wrote nothing, or is too old."""

    kind = "cannot-undo"
    status = 409


# The relations that `str(row)` reads.
NAME_RELATIONS: Final = {
    "role": ("company",),
    "employment": ("person", "company"),
    "contact": ("person", "company"),
    "membership": ("company",),
    "seat": ("person", "membership__company"),
}


class RowFacts(NamedTuple):
    """The person and the last day of a row that may be deleted."""

    person_id: int | None = None
    ends_on: datetime.date | None = None


# Facts by kind and key.
type RowFactsByKind = dict[str, dict[int, RowFacts]]


COUNTS_BY_KIND: Final = {
    "person": ngettext_lazy("%(count)d person", "%(count)d people", "count"),
    "company": ngettext_lazy("%(count)d company", "%(count)d companies", "count"),
    "membership": ngettext_lazy("%(count)d membership", "%(count)d memberships", "count"),
    "employment": ngettext_lazy("%(count)d job", "%(count)d jobs", "count"),
    "seat": ngettext_lazy("%(count)d seat", "%(count)d seats", "count"),
    "contact": ngettext_lazy("%(count)d contact", "%(count)d contacts", "count"),
    "role": ngettext_lazy("%(count)d company role", "%(count)d company roles", "count"),
}


def _describe_counts(counts: Mapping[str, int], sentence: str) -> str:
    """Return the sentence with the number of rows of each kind; "" without any row."""
    texts = [text % {"count": counts[kind]} for kind, text in COUNTS_BY_KIND.items() if counts.get(kind)]
    return sentence % {"rows": ", ".join(texts)} if texts else ""


@dataclass
class DirectoryUndo:
    """The effects of an undo: keys to delete, values to restore, and rows to skip with the reason.

    `rows_by_person` are the dated rows that the list created, by person.
    """

    removed_keys: dict[str, list[int]] = field(default_factory=dict)
    restored_values: dict[str, dict[int, dict[str, Any]]] = field(default_factory=dict)
    skipped_rows: list[tuple[str, int, str]] = field(default_factory=list)
    rows_by_person: dict[int, list[tuple[str, int]]] = field(default_factory=lambda: defaultdict(list))

    def __str__(self) -> str:
        return self._describe(_("Removed: %(rows)s."), _("Restored: %(rows)s."), _("Left as is: %(rows)s."))

    @property
    def preview_sentence(self) -> str:
        """Return in words what the undo would do."""
        return self._describe(
            _("To remove: %(rows)s."), _("To restore: %(rows)s."), _("Left as is: %(rows)s.")
        )

    def _describe(self, removed: str, restored: str, skipped: str) -> str:
        """Return the sentences with the rows of each kind that are removed, restored and skipped."""
        sentences = [
            _describe_counts({kind: len(keys) for kind, keys in self.removed_keys.items()}, removed),
            _describe_counts({kind: len(rows) for kind, rows in self.restored_values.items()}, restored),
            _describe_counts(Counter(kind for kind, _pk, _reason in self.skipped_rows), skipped),
        ]
        return " ".join(filter(None, sentences)) or _("Nothing is left to undo.")

    @cached_property
    def named_skipped_rows(self) -> list[tuple[str, str]]:
        """Return the names and reasons of the first skipped rows."""
        first_rows, names = self.skipped_rows[:MAX_NAMED_ROWS], dict[tuple[str, int], str]()
        for kind in {kind for kind, _pk, _reason in first_rows}:
            rows = _load_rows(kind, [pk for skipped_kind, pk, _reason in first_rows if skipped_kind == kind])
            names |= {(kind, pk): str(row) for pk, row in rows.items()}
        return [(names[kind, pk], reason) for kind, pk, reason in first_rows]

    @property
    def has_changes(self) -> bool:
        return any(self.removed_keys.values()) or any(self.restored_values.values())


def preview_undo(import_record: DirectoryImport, *, actor: Person | None = None) -> DirectoryUndo:
    """Return what undoing the import would do now; without an actor everything may be changed."""
    undo = DirectoryUndo()
    facts = {
        kind: _load_row_facts(model, import_record.created_keys.get(kind, []))
        for kind, model in ROW_MODELS.items()
    }
    for kind in DATED_KINDS:
        for pk, row in facts[kind].items():
            undo.rows_by_person[row.person_id or 0].append((kind, pk))
    people_by_key = {
        kind: {pk: row.person_id for pk, row in facts[kind].items()} for kind in ("employment", "seat")
    }
    # Before `removed_keys` is set, and in this order: each step may exclude rows that the next would count
    # as deletable.
    for pk in find_protected_roles(facts["role"], actor):
        _skip_row(undo, facts, ("role", pk), str(PROTECTED_REASON))
    _skip_changed(undo, import_record, facts)
    _skip_used_since(undo, facts, import_record.imported_at)
    for pk in _find_renewed(facts["membership"].keys(), facts):
        _skip_row(undo, facts, ("membership", pk), str(RENEWED_REASON))
    _skip_used(undo, facts)
    undo.removed_keys = {kind: sorted(rows) for kind, rows in facts.items()}
    restorable_values = _exclude_protected_addresses(undo, import_record, actor)
    restorable_values = _exclude_used_memberships(undo, restorable_values, facts)
    for kind, before in restorable_values.items():
        undo.restored_values[kind] = dict(_find_restorable(undo, import_record, kind, list(map(int, before))))
    for kind, reason in (("employment", NEW_EMPLOYER_REASON), ("seat", NEW_SEAT_REASON)):
        _skip_former_rows(undo, kind, people_by_key[kind], str(reason))
    return undo


def _skip_former_rows(
    undo: DirectoryUndo, kind: str, people_by_key: dict[int, int | None], reason: str
) -> None:
    """Skip the ends of former jobs or seats of people whose new one stays: they would have two of them."""
    removed = set(undo.removed_keys[kind])
    staying = {person for pk, person in people_by_key.items() if pk not in removed}
    values = undo.restored_values.get(kind, {})
    ended = [pk for pk, old in values.items() if "ends_on" in old]
    for pk, row in _load_rows(kind, ended if staying else []).items():
        if row.person_id in staying:
            del values[pk]
            undo.skipped_rows.append((kind, pk, reason))


@transaction.atomic
def undo_directory_import(*, import_record: DirectoryImport, actor: Person | None = None) -> DirectoryUndo:
    """Undo an import once, as far as possible. Raise DirectoryUndoRefused."""
    acquire_advisory_lock(DIRECTORY_LOCK)
    # Read again under the lock: a second click must not undo twice.
    import_record = DirectoryImport.objects.select_for_update(of=("self",)).get(pk=import_record.pk)
    if not import_record.can_be_undone:
        raise DirectoryUndoRefused(_("This import has already been undone, changed nothing, or is too old."))
    undo = preview_undo(import_record, actor=actor)
    former_people = Person.objects.in_bulk(undo.restored_values.get("person", {}))
    for kind, values in undo.restored_values.items():
        _restore_values(kind, values)
    _return_addresses(undo.restored_values.get("person", {}), former_people)
    _remove_markets(import_record, set(undo.removed_keys["company"]))
    # Dependent rows first, the reverse of `ROW_MODELS`.
    for kind in reversed(ROW_MODELS):
        for batch in batched(undo.removed_keys[kind], BATCH_SIZE, strict=False):
            ROW_MODELS[kind].objects.filter(pk__in=batch).delete()
    import_record.undone_at, import_record.undone_by_id = timezone.now(), current_actor.get().person_id
    # There is nothing left to undo, and old values of people must not stay longer than needed.
    import_record.created_keys = import_record.values_before = import_record.values_after = {}
    import_record.save(
        update_fields=["undone_at", "undone_by", "created_keys", "values_before", "values_after"]
    )
    record_action("directory.undo_import", import_record)
    return undo


def _load_row_facts(model: Any, keys: Collection[int]) -> dict[int, RowFacts]:
    """Return the facts of the rows with these keys that still exist."""
    column_names = {column.attname for column in model._meta.concrete_fields}
    names = [name for name in RowFacts._fields if name in column_names]
    rows = _filter_key_range(model.objects.all(), "pk", keys).values_list("pk", *names)
    key_set = set(keys)
    return {pk: RowFacts(**dict(zip(names, row, strict=True))) for pk, *row in rows if pk in key_set}


def _filter_key_range(rows: Any, name: str, keys: Collection[int]) -> Any:
    """Return the rows from the smallest key to the largest.

    Keys of one import are adjacent: the range finds few other rows, and is far faster than a list of keys.
    """
    if not keys:
        return rows.none()
    return rows.order_by().filter(**{f"{name}__gte": min(keys), f"{name}__lte": max(keys)})


def _load_rows(kind: str, keys: Iterable[int]) -> dict[int, Any]:
    """Return the rows by key, with the relations that their names need."""
    model, related = ROW_MODELS[kind], NAME_RELATIONS.get(kind, ())
    rows = model.objects.select_related(*related) if related else model.objects.all()
    rows_by_key: dict[int, Any] = {}
    for batch in batched(keys, BATCH_SIZE, strict=False):
        rows_by_key |= rows.in_bulk(batch)
    return rows_by_key


def _skip_changed(undo: DirectoryUndo, import_record: DirectoryImport, facts: RowFactsByKind) -> None:
    """Skip dated rows whose end changed since the import, with everything of the same person."""
    for kind in DATED_KINDS:
        after = import_record.values_after.get(kind, {})
        for pk, row in list(facts[kind].items()):
            if serialize_values({"ends_on": row.ends_on}) != after.get(str(pk)):
                _skip_row(undo, facts, (kind, pk), str(CHANGED_REASON))
    after = import_record.values_after.get("membership", {})
    names = WATCHED_COLUMNS["membership"]
    for pk, values in list(_read_values(Membership, list(facts["membership"]), names)):
        if serialize_values({name: values[name] for name in names}) != after.get(str(pk)):
            _skip_row(undo, facts, ("membership", pk), str(CHANGED_REASON))


def _skip_used(undo: DirectoryUndo, facts: RowFactsByKind) -> None:
    """Skip people, memberships and companies that are referenced by rows which the import did not create."""
    for kind in ("person", "membership", "company"):
        # Computed for each kind: rows of a skipped person count as references to companies.
        for pk, uses in _find_used(kind, facts[kind].keys(), facts).items():
            _skip_row(undo, facts, (kind, pk), _describe_uses(uses))


def _describe_uses(uses: Iterable[str]) -> str:
    return str(IN_USE_REASON) % {"uses": ", ".join(uses)}


def _find_used(kind: str, keys: Set[int], facts: RowFactsByKind) -> dict[int, list[str]]:
    """Return the kinds of rows that refer to each of these keys and that the undo does not delete.

    `facts` are the rows that it deletes. Keys that nothing refers to are not in the result.
    """
    imported = {ROW_MODELS[name]: set(rows) for name, rows in facts.items()}
    used = _find_referenced(ROW_MODELS[kind], keys, imported)
    if kind == "membership" and keys:
        for pk in set().union(*(find(keys) for find in hooks.membership_uses.providers())):
            used.setdefault(pk, []).append(_("invoiced dues"))
    return used


def _find_renewed(keys: Set[int], facts: RowFactsByKind) -> list[int]:
    """Return the keys of memberships that another one follows, added later and not deleted by the undo."""
    memberships = _filter_key_range(Membership.objects.all(), "pk", keys)
    later = Membership.objects.filter(
        company=OuterRef("company"), starts_on__gt=OuterRef("starts_on"), pk__gt=OuterRef("pk")
    )
    # A membership that was left on its first day covers no day.
    later = later.exclude(left_on__lte=F("starts_on")).exclude(pk__in=[*facts["membership"]])
    renewed = memberships.filter(Exists(later)).values_list("pk", flat=True)
    return sorted(keys & set(renewed))


def _skip_used_since(undo: DirectoryUndo, facts: RowFactsByKind, since: datetime.datetime) -> None:
    """Skip the rows of known people who have used them since the import (`hooks.person_uses`)."""
    rows = {
        row.person_id: (kind, pk)
        for kind in DATED_KINDS
        for pk, row in facts[kind].items()
        if row.person_id and row.person_id not in facts["person"]
    }
    for batch in batched(sorted(rows), BATCH_SIZE, strict=False):
        used = set().union(*(find(batch, since) for find in hooks.person_uses.providers()))
        for person in sorted(used):
            _skip_row(undo, facts, rows[person], str(ACTIVE_REASON))


def _skip_row(undo: DirectoryUndo, facts: RowFactsByKind, row: tuple[str, int], reason: str) -> None:
    """Skip a row and, for a person or a dated row, everything else that the list wrote about the person."""
    kind, pk = row
    if (removed := facts[kind].pop(pk, None)) is None:
        return
    undo.skipped_rows.append((kind, pk, reason))
    person = pk if kind == "person" else removed.person_id
    if person is None:
        return
    facts["person"].pop(person, None)
    for other_kind, other_pk in undo.rows_by_person.pop(person, []):
        facts[other_kind].pop(other_pk, None)


def _find_referenced(
    model: type[models.Model], keys: Set[int], imported: dict[type[models.Model], set[int]]
) -> dict[int, list[str]]:
    """Return the kinds of rows that refer to each of these keys: of any app, not created by the import."""
    referenced = dict[int, list[str]]()
    # Hidden relations too: those with `related_name="+"`.
    for relation in model._meta.get_fields(include_hidden=True):
        if not isinstance(relation, models.ManyToOneRel) or not keys:
            continue
        other_model, column = relation.related_model, relation.field.attname
        assert not isinstance(other_model, str)
        # A market does not use a company; `_remove_markets` handles what the list added.
        if other_model is Company.markets.through:
            continue
        created = imported.get(other_model, set())
        rows = _filter_key_range(other_model._base_manager.all(), column, keys).values_list("pk", column)
        # `iterator`: in tables of other apps the range may cover many rows.
        found = {key for pk, key in rows.iterator() if key in keys and pk not in created}
        name = str(other_model._meta.verbose_name)
        for key in found:
            # Two columns of one table may refer to the row.
            if name not in (names := referenced.setdefault(key, [])):
                names.append(name)
    return referenced


def _exclude_protected_addresses(
    undo: DirectoryUndo, import_record: DirectoryImport, actor: Person | None
) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the values before the import; skip people whose address the actor may not take back."""
    people = import_record.values_before.get("person", {})
    protected = find_protected_people([int(pk) for pk, old in people.items() if "email" in old], actor)
    undo.skipped_rows += [("person", pk, str(PROTECTED_REASON)) for pk in sorted(protected)]
    taken = _find_people_with_taken_address(people) - protected
    undo.skipped_rows += [("person", pk, str(ADDRESS_TAKEN_REASON)) for pk in sorted(taken)]
    remaining = {pk: old for pk, old in people.items() if int(pk) not in protected | taken}
    return {**import_record.values_before, **({"person": remaining} if people else {})}


def _exclude_used_memberships(
    undo: DirectoryUndo, values: dict[str, dict[str, dict[str, Any]]], facts: RowFactsByKind
) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the values before the import; skip memberships that were agreed by hand or used since."""
    memberships = values.get("membership", {})
    confirmed = {int(pk) for pk, old in memberships.items() if "confirmed_on" in old}
    renewed = set(_find_renewed(confirmed, facts))
    undo.skipped_rows += [("membership", pk, str(RENEWED_REASON)) for pk in sorted(renewed)]
    used = _find_used("membership", confirmed - renewed, facts)
    undo.skipped_rows += [("membership", pk, _describe_uses(used[pk])) for pk in sorted(used)]
    drafts = Membership.objects.filter(pk__in={*map(int, memberships)} - confirmed)
    agreed = set(drafts.exclude(confirmed_on=None, left_on=None).values_list("pk", flat=True))
    undo.skipped_rows += [("membership", pk, str(CHANGED_REASON)) for pk in sorted(agreed)]
    skipped = used.keys() | renewed | agreed
    remaining = {pk: old for pk, old in memberships.items() if int(pk) not in skipped}
    return {**values, **({"membership": remaining} if memberships else {})}


def _find_people_with_taken_address(people: dict[str, dict[str, Any]]) -> set[int]:
    """Return the ids of those whose address before the import belongs to another person now."""
    addresses = {int(pk): old["email"] for pk, old in people.items() if old.get("email")}
    # One query each: addresses are replaced one by one, by a choice in the preview of the import.
    holders = {pk: find_address_holder(address) for pk, address in addresses.items()}
    return {pk for pk, holder in holders.items() if holder and holder.pk != pk}


def _find_restorable(
    undo: DirectoryUndo, import_record: DirectoryImport, kind: str, keys: list[int]
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the old values of rows that still have the values of the list; skip the others."""
    for pk, row in _read_values(
        ROW_MODELS[kind],
        keys,
        {name for values in import_record.values_after[kind].values() for name in values},
    ):
        after = import_record.values_after[kind][str(pk)]
        if serialize_values({name: row[name] for name in after}) == after:
            yield pk, import_record.values_before[kind][str(pk)]
        else:
            undo.skipped_rows.append((kind, pk, str(CHANGED_REASON)))


def _read_values(model: Any, keys: list[int], names: Collection[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the key and these columns of each row."""
    key_set = set(keys)
    for row in _filter_key_range(model.objects.all(), "pk", keys).values("pk", *names):
        if row["pk"] in key_set:
            yield row["pk"], row


def _restore_values(kind: str, values: dict[int, dict[str, Any]]) -> None:
    model, rows, names = ROW_MODELS[kind], _load_rows(kind, values), set[str]()
    for pk, row in rows.items():
        for name, value in values[pk].items():
            setattr(row, name, model._meta.get_field(name).to_python(value))
            names.add(name)
    if names:
        # Through the model's queryset, which also updates the columns for searching and sorting.
        model.objects.bulk_update(rows.values(), sorted(names), 500)


def _return_addresses(values: dict[int, dict[str, Any]], former_people: dict[int, Person]) -> None:
    """End what the addresses of the list gave access to; the people have the earlier one, or none, again."""
    people = Person.objects.in_bulk([pk for pk, old in values.items() if "email" in old])
    for pk, person in people.items():
        record_new_address(person=person, former_email=former_people[pk].email)


def _remove_markets(import_record: DirectoryImport, removed: set[int]) -> None:
    """Remove the markets that the list added to companies which stay."""
    through = Company.markets.through
    for company, market in import_record.created_keys.get("market", []):
        # Markets of deleted companies were deleted with them.
        if company not in removed:
            through.objects.filter(company=company, market=market).delete()


def clear_old_imports() -> None:
    """Delete the stored values of imports that are too old to be undone."""
    expired = Q(imported_at__lt=timezone.now() - UNDO_PERIOD)
    # Old values of people are personal data, stored only as long as they can be restored (GDPR, article 5).
    imports = DirectoryImport.objects.filter(expired).exclude(created_keys={}, values_before={})
    imports.update(created_keys={}, values_before={}, values_after={})


def delete_imported_values(person: Person) -> None:
    """Delete what imports wrote about the person: undoing must not bring it back."""
    row_keys = [("person", str(person.pk))]
    for kind, rows in (("employment", person.employments), ("seat", person.seats)):
        row_keys += [(kind, str(pk)) for pk in rows.values_list("pk", flat=True)]
    # JSON by key: there are few imports that can still be undone, so each is read.
    for record in DirectoryImport.objects.exclude(values_before={}):
        for kind, key in row_keys:
            for values in (record.values_before, record.values_after):
                values.get(kind, {}).pop(key, None)
        record.save(update_fields=["values_before", "values_after"])
