"""Forms that several people may have open at once: each saves only what its editor changed."""

import datetime
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from convention.money import format_number_input
from convention.text.dates import format_clock, format_datetime

from .edit_conflicts import compare_edits, compute_fingerprint, compute_fingerprints, parse_seen_fingerprints
from .forms import ActionErrorsMixin


class EditConflictsMixin(ActionErrorsMixin):
    """A form that keeps what somebody else has saved since the page was opened.

    Its template includes `edit_version.html`, which sends back fingerprints of the values that the page
    showed. A field that the editor left alone gets its current value; one that both changed is an error, and
    the page shows the other value. Without fingerprints, as from a program, every value is taken as given.
    """

    # Fields, or rows, that are valid together only.
    linked_fields: tuple[tuple[str, ...], ...] = ()
    # Whether an unsaved row is compared by its defaults: of settings that another page may have saved first.
    compares_defaults = False
    newer_values: Mapping[str, object] = {}
    restored_names: frozenset[str] = frozenset()

    def get_current_rows(self) -> dict[str, list[object]]:
        """Return the stored rows of the form's formsets, by a name that is not a field's."""
        return {}

    def get_posted_rows(self) -> dict[str, list[object]]:
        """Return the rows of valid formsets as posted, in the form of the stored ones."""
        return {}

    def get_rows_label(self, name: str) -> str:
        """Return what the rows of this name are called on the page; by default, the name."""
        return name

    @property
    def seen_name(self) -> str:
        """Return the name of the hidden field with the fingerprints; each row of a formset has its own."""
        return self.add_prefix("seen")

    @property
    def seen_fingerprints(self) -> str:
        """Return the fingerprints of the values that the page shows, for its hidden field; "" for a new row.

        After a conflict, those of the fields in conflict are current: saving again is a decision. The others
        stay as they were, so that another person's other changes survive that.
        """
        if self._is_new:
            return ""
        if self.is_bound:
            fingerprints = self._posted_fingerprints | compute_fingerprints(self.newer_values)
        else:
            fingerprints = compute_fingerprints(self._get_current_values())
        return json.dumps(fingerprints)

    @property
    def other_version(self) -> list[tuple[str, str, str]]:
        """Return label, id of the control and current value of each field that somebody else changed too."""
        return [
            (str(self[name].label), self[name].id_for_label, self._describe_value(name, value))
            if name in self.fields
            else (self.get_rows_label(name), "", self._describe_value(name, value))
            for name, value in self.newer_values.items()
        ]

    @property
    def changed_data(self) -> list[str]:
        """Return the names of the fields that the editor changed."""
        return [name for name in super().changed_data if name not in self.restored_names]

    def clean(self) -> dict[str, Any]:
        """Restore the current values of untouched fields; add an error where somebody changed one too."""
        data = super().clean()
        data = self.cleaned_data if data is None else data
        if self._is_new or not self.data.get(self.seen_name):
            return data
        current = self._get_current_values()
        values = {name: _to_comparable(value) for name, value in data.items() if name in current}
        values |= self.get_posted_rows()
        seen = self._posted_fingerprints
        edits = compare_edits(
            values=values, current=current, seen_fingerprints=seen, linked_fields=self.linked_fields
        )
        self.newer_values = edits.conflicting_values
        changed_meanwhile = {
            name for name, value in current.items() if compute_fingerprint(value) != seen.get(name, "")
        }
        self.restored_names = frozenset((values.keys() & changed_meanwhile) - edits.changes.keys())
        for name in self.restored_names & data.keys():
            data[name] = self._get_clean_value(name)
        if edits.conflicting_values:
            sentence = _(
                "Someone else changed the same fields while you were editing them. Your values are still "
                "here, with theirs beside them. Choose what to keep, then save again."
            )
            self.add_error(None, sentence)
        return data

    @property
    def _is_new(self) -> bool:
        is_unsaved = isinstance(self, forms.BaseModelForm) and self.instance._state.adding
        return is_unsaved and not self.compares_defaults

    @property
    def _posted_fingerprints(self) -> dict[str, str]:
        return parse_seen_fingerprints(self.data.get(self.seen_name, ""))

    def _get_current_values(self) -> dict[str, object]:
        # A hidden field is not the editor's: its value says what the page was about.
        fields = {name: field for name, field in self.fields.items() if not field.widget.is_hidden}
        values = {
            name: _to_comparable(self.get_initial_for_field(field, name)) for name, field in fields.items()
        }
        return values | self.get_current_rows()

    def _get_clean_value(self, name: str) -> Any:
        """Return the current value in the form in which the field returns it."""
        field = self.fields[name]
        value = self.get_initial_for_field(field, name)
        if isinstance(field, forms.ModelMultipleChoiceField):
            assert field.queryset is not None
            return field.queryset.filter(pk__in=[row.pk for row in value or ()])
        return field.to_python(value) if isinstance(field, forms.ModelChoiceField) else value

    def _describe_value(self, name: str, value: object) -> str:
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if isinstance(value, datetime.datetime):
            # Forms show times without a zone, in the event's.
            return format_datetime(value)
        if isinstance(value, datetime.time):
            return format_clock(value)
        choices = {str(key): str(label) for key, label in getattr(self.fields.get(name), "choices", ())}
        values = value if isinstance(value, list) else [value]
        return "\n".join(choices.get(str(item), "" if item is None else str(item)) for item in values)


def _to_comparable(value: object) -> object:
    """Return a value that has the same fingerprint from the database and from a form."""
    if isinstance(value, QuerySet | list):
        return sorted(str(getattr(row, "pk", row)) for row in value)
    if isinstance(value, Decimal):
        # As the field shows it: 450 and 450.00 are the same.
        return format_number_input(value)
    return value
