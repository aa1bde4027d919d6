"""Organizers' forms for one room, or for all rooms of an event on one page."""

from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.db import transaction
from django.db.models import CharField, F, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from convention.events.models import Event, Room
from convention.text.normalize import normalize_whitespace
from convention.web.edit_forms import EditConflictsMixin
from convention.web.forms import CountField

ROOM_NAME_TAKEN = _("Another room already has this name.")
# Names are normalized, which removes control characters: no room has such a name.
TEMPORARY_NAME_PREFIX = "\x01"


class RoomForm(EditConflictsMixin, forms.ModelForm[Room]):
    """One room by itself; `RoomFormSet` edits all rooms of an event at once."""

    class Meta:
        model = Room
        fields = ("name", "capacity", "position")
        field_classes = {"capacity": CountField, "position": CountField}
        labels = {"capacity": pgettext_lazy("room", "Seats"), "position": _("Order")}
        error_messages = {NON_FIELD_ERRORS: {"unique_together": ROOM_NAME_TAKEN}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["position"].required = False
        if not self.instance.pk:
            self.initial["position"] = None

    def clean_name(self) -> str:
        return normalize_whitespace(self.cleaned_data["name"])


class RoomRowForm(RoomForm):
    """One of all rooms: its formset compares names, since another row may give up the one it takes."""

    def validate_constraints(self) -> None:
        pass


class BaseRoomFormSet(forms.BaseInlineFormSet[Room, Event, RoomRowForm]):
    """All rooms of an event; rooms without a position come last, in the order of the rows."""

    # Each row has its own fingerprints; the page shows the other versions together.
    seen_fingerprints = ""

    @property
    def other_version(self) -> list[tuple[str, str, str]]:
        """Return room and label, id of the control and current value of what somebody else changed too."""
        return [
            (f"{form.initial['name']} – {label}", control, value)
            for form in self.initial_forms
            for label, control, value in form.other_version
        ]

    def clean(self) -> None:
        super().clean()
        rows = [form for form in self.forms if form.has_changed() and form not in self.deleted_forms]
        position = max(
            (form.cleaned_data.get("position") or 0 for form in self.forms if form.is_valid()), default=0
        )
        for form in rows:
            if form.is_valid() and form.cleaned_data.get("position") is None:
                position += 1
                form.instance.position = position

    def validate_unique(self) -> None:
        """Add an error to each name that an earlier row has, or a room that is not on the page."""
        listed = [form.instance.pk for form in self.initial_forms if form.instance.pk]
        names = set(self.instance.rooms.exclude(pk__in=listed).values_list("name", flat=True))
        for form in self.forms:
            if not form.is_valid() or form in self.deleted_forms or not form.cleaned_data.get("name"):
                continue
            if form.cleaned_data["name"] in names:
                form.add_error("name", ROOM_NAME_TAKEN)
            names.add(form.instance.name)

    @transaction.atomic
    def save(self, commit: bool = True) -> list[Room]:  # noqa: FBT001, FBT002  # Django's signature
        """Save all rows; rooms may exchange their names, or take that of a removed one."""
        renamed = [form.instance.pk for form in self.initial_forms if "name" in form.changed_data]
        removed = [form.instance.pk for form in self.deleted_forms]
        # The database refuses a name twice even for a moment, and rows are saved one after the other.
        self.instance.rooms.filter(pk__in=[*renamed, *removed]).update(
            name=Concat(Value(TEMPORARY_NAME_PREFIX), F("pk"), output_field=CharField())
        )
        return super().save(commit)


RoomFormSet = forms.inlineformset_factory(
    Event, Room, form=RoomRowForm, formset=BaseRoomFormSet, extra=5, can_delete=True
)
