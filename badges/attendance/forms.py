"""Forms of the organizers' pages about checkpoints and devices."""

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext, pgettext_lazy

from convention.events.forms import LocalDateTimeField, add_time_zone
from convention.events.models import Event
from convention.text.dates import format_datetime
from convention.web.edit_forms import EditConflictsMixin
from convention.web.forms import CountField, OfferedRowsField, limit_number
from schedule.models import Session

from .conflict_list import ScanConflictFilter
from .devices.checkpoints import list_sessions_without_checkpoint
from .models import MAX_DEVICE_NAME_LENGTH, Checkpoint, ConflictResolution


class SessionField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        start = format_datetime(obj.starts_at, obj.event.zone) if obj.starts_at else ""
        return " · ".join(filter(None, [obj.title, start]))


class CheckpointForm(EditConflictsMixin, forms.ModelForm[Checkpoint]):
    """A checkpoint, and which tickets may enter."""

    linked_fields = (("kind", "session"), ("opens_at", "closes_at"))

    session = SessionField(
        Session.objects.none(),
        label=_("Session"),
        required=False,
        empty_label=pgettext_lazy("session", "none"),
        help_text=_("For the type “session”: if it takes bookings, only those who booked may enter."),
    )
    opens_at = LocalDateTimeField(label=_("Opens"), required=False)
    closes_at = LocalDateTimeField(label=_("Closes"), required=False)
    capacity = CountField(
        label=_("Capacity"),
        required=False,
        min_value=1,
        help_text=_("Maximum number of people; leave empty for no limit."),
    )

    class Meta:
        model = Checkpoint
        fields = [
            "name", "kind", "session", "opens_at", "closes_at", "capacity", "alarm_percent", "tickets",
            "addon", "counts_as", "is_strict",
        ]  # fmt: skip
        field_classes = {"tickets": OfferedRowsField}
        widgets = {"tickets": forms.CheckboxSelectMultiple}
        help_texts = {
            "tickets": _(
                "Only people with one of these tickets, or with the add-on below, may enter. To admit "
                "everyone, tick none and choose no add-on."
            ),
            "is_strict": _(
                "Nobody is admitted while offline. For doors where letting in the wrong person is worse "
                "than a queue."
            ),
        }

    def __init__(self, *args: Any, event: Event, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = event.zone
        # Only one level: `presence_checkpoint_id` does not follow a chain of checkpoints.
        others = event.checkpoints.filter(counts_as__isnull=True).exclude(pk=self.instance.pk)
        field = self.fields["counts_as"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = others
        field.empty_label = str(_("this checkpoint"))
        self.fields["alarm_percent"].required = False
        limit_number(self.fields["alarm_percent"], at_least=1, at_most=100)
        tickets, addon = self.fields["tickets"], self.fields["addon"]
        assert isinstance(tickets, forms.ModelMultipleChoiceField)
        assert isinstance(addon, forms.ModelChoiceField)
        tickets.queryset, addon.queryset = event.tickets.all(), event.addons.all()
        addon.empty_label = pgettext("add-on", "none")
        self._set_sessions(event)
        for name in ("opens_at", "closes_at"):
            moment = getattr(self.instance, name)
            if moment:
                # The widget shows local time of the event, not of the server; clean() adds the zone again.
                self.initial[name] = moment.astimezone(self.zone).replace(tzinfo=None)

    def _set_sessions(self, event: Event) -> None:
        """Offer the sessions that have no checkpoint, and the one that this checkpoint has."""
        field = self.fields["session"]
        assert isinstance(field, forms.ModelChoiceField)
        offered = Q(pk__in=list_sessions_without_checkpoint(event).order_by().values("pk"))
        sessions = event.sessions.filter(offered | Q(pk=self.instance.session_id))
        field.queryset = sessions.select_related("event").order_by("starts_at", "pk")

    def clean(self) -> dict[str, Any]:
        """Check the session and the order of the opening hours; convert these to the event's time zone."""
        data = super().clean() or self.cleaned_data
        if data.get("kind") != Checkpoint.Kind.SESSION:
            data["session"] = None
        elif not data.get("session") and "session" not in self.errors:
            self.add_error("session", _("Choose the session to which this checkpoint belongs."))
        for name in ("opens_at", "closes_at"):
            add_time_zone(self, name, self.zone)
        if data.get("opens_at") and data.get("closes_at") and data["closes_at"] <= data["opens_at"]:
            self.add_error("closes_at", _("The closing time must be after the opening time."))
        if data.get("counts_as") and self.instance.pk and self.instance.gates.exists():
            self.add_error("counts_as", _("Other checkpoints count as this one. Choose “this checkpoint”."))
        return data

    def clean_alarm_percent(self) -> int:
        """Return the percentage, or the default where none is given."""
        default = Checkpoint._meta.get_field("alarm_percent").default
        return int(self.cleaned_data["alarm_percent"] or default)

    def clean_name(self) -> str:
        """Refuse a name that another checkpoint of the event has."""
        name = str(self.cleaned_data["name"]).strip()
        # `event` is not a field of the form, so Django does not check the constraint over event and name.
        others = Checkpoint.objects.filter(event=self.instance.event, name=name).exclude(pk=self.instance.pk)
        if others.exists():
            raise forms.ValidationError(_("The event already has a checkpoint with this name."))
        return name


class PairingForm(forms.Form):
    checkpoint = forms.ModelChoiceField(Checkpoint.objects.none(), label=_("Checkpoint"), empty_label=None)
    name = forms.CharField(
        label=_("Name of the phone"),
        max_length=MAX_DEVICE_NAME_LENGTH,
        required=False,
        help_text=_("To tell phones apart, for example “Lise”."),
    )
    can_change_checkpoint = forms.BooleanField(
        label=_("Can switch checkpoints"),
        required=False,
        help_text=_("Its user can move to another checkpoint of the event. Supervisors’ phones always can."),
    )

    def __init__(self, *args: Any, event: Event, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["checkpoint"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = event.checkpoints.select_related("event")


class OrganizerPairingForm(PairingForm):
    """Pairing form for organizers, who may also pair supervisors' devices."""

    can_override = forms.BooleanField(
        label=_("Supervisor’s phone"),
        required=False,
        help_text=_("Can override a refusal; a reason is required and logged."),
    )


class ScanConflictFilterForm(forms.Form):
    """The filter of the list of conflicts; every field may be empty."""

    q = forms.CharField(label=_("Name or company"), required=False, max_length=200)
    checkpoint = forms.ModelChoiceField(
        Checkpoint.objects.none(), label=_("Checkpoint"), required=False, empty_label=_("all checkpoints")
    )
    begins_at = LocalDateTimeField(label=_("Scanned since"), required=False)
    ends_at = LocalDateTimeField(label=_("Scanned before"), required=False)
    kind = forms.ChoiceField(
        label=_("Explanation"),
        required=False,
        choices=[("", _("any")), *ConflictResolution.Kind.choices],
    )

    def __init__(self, *args: Any, event: Event, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = event.zone
        field = self.fields["checkpoint"]
        assert isinstance(field, forms.ModelChoiceField)
        # Conflicts are at the checkpoints where scans count, never at a second gate.
        field.queryset = event.checkpoints.filter(counts_as__isnull=True)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for name in ("begins_at", "ends_at"):
            add_time_zone(self, name, self.zone)
        return data

    def build_filter(self) -> ScanConflictFilter:
        """Return the conditions; call it on a valid form."""
        data = self.cleaned_data
        return ScanConflictFilter(
            search=data["q"],
            checkpoint=data["checkpoint"].pk if data["checkpoint"] else None,
            begins_at=data["begins_at"],
            ends_at=data["ends_at"],
            kind=data["kind"],
        )


class ResolutionForm(forms.Form):
    kind = forms.ChoiceField(choices=ConflictResolution.Kind.choices)
