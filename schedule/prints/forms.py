"""The form of the print page: only the choices that the kind of sheets has."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from convention.events.models import Event
from convention.text.dates import format_date_with_weekday
from convention.text.languages import LANGUAGE_CHOICES
from schedule.models import ProgrammeAudience, Track
from schedule.paper.print_options import PrintOptions
from schedule.paper.sheet_kinds import DEPTH_LABELS, DISTANCE_LABELS, PAPER_LABELS, SHEET_KINDS, SinceChoice
from schedule.programme.programme_version import ProgrammeVersion
from schedule.versions.sentences import describe_version

from .comparison import load_differences

MAX_VERSIONS: Final = 100


class PrintForm(forms.Form):
    """Choices of one print. Nothing chosen among days, rooms or tracks means all of them."""

    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGE_CHOICES)
    paper = forms.ChoiceField(label=pgettext_lazy("print", "Paper"))
    since = forms.TypedChoiceField(label=_("Changed since"), required=False, coerce=int, empty_value=None)
    depth = forms.ChoiceField(label=_("Level of detail"), widget=forms.RadioSelect)
    is_imposed = forms.BooleanField(
        label=_("Pages arranged for folding"),
        required=False,
        help_text=_("Two pages on each side of A4: print on both sides, flip on the short edge, and fold."),
    )
    distance = forms.ChoiceField(label=_("Reading distance"))
    includes_members_sessions = forms.BooleanField(
        label=_("Include members-only sessions"),
        required=False,
        help_text=_("Each is marked “Members only”."),
    )
    days = forms.MultipleChoiceField(label=_("Days"), required=False, widget=forms.CheckboxSelectMultiple)
    rooms = forms.TypedMultipleChoiceField(
        label=_("Rooms"), required=False, coerce=int, widget=forms.CheckboxSelectMultiple
    )
    tracks = forms.TypedMultipleChoiceField(
        label=_("Tracks"), required=False, coerce=int, widget=forms.CheckboxSelectMultiple
    )

    def __init__(
        self,
        data: Any = None,
        *,
        event: Event,
        kind: str,
        language: str,
        since: int | None = None,
        page_counts: Mapping[str, int] | None = None,
    ) -> None:
        # People at the door need to know that the session is not for everybody.
        initial = {"depth": "short", "includes_members_sessions": kind == "doors"}
        super().__init__(data, initial={**initial, "language": language, "since": since})
        self.kind = kind
        sheet_kind = SHEET_KINDS[kind]
        self._set_choices("paper", [(name, PAPER_LABELS[name]) for name in sheet_kind.papers])
        self._offer_versions(event, sheet_kind.since)
        self._set_choices("depth", list_depth_choices(sheet_kind.depths, page_counts or {}))
        if not sheet_kind.can_be_imposed:
            del self.fields["is_imposed"]
        if sheet_kind.is_internal or not event.sessions.filter(is_for_members=True).exists():
            del self.fields["includes_members_sessions"]
        self._set_choices("distance", [(name, DISTANCE_LABELS[name]) for name in sheet_kind.distances])
        self._set_choices("days", list_day_choices(event))
        self._set_choices("rooms", list(event.rooms.values_list("pk", "name")), minimum=2)
        self._set_choices("tracks", list(Track.objects.filter(event=event).values_list("pk", "name")))

    def _set_choices(self, name: str, choices: list[tuple[Any, Any]], *, minimum: int = 1) -> None:
        """Offer the choices, or drop the field if there is nothing to choose."""
        if len(choices) < minimum:
            del self.fields[name]
            return
        self.fields[name].choices = choices  # type: ignore[attr-defined]  # all of these fields have them

    def _offer_versions(self, event: Event, choice: SinceChoice) -> None:
        """Offer the versions to compare with, or drop the field."""
        if choice is SinceChoice.NONE:
            del self.fields["since"]
            return
        versions = list(event.schedule_versions.all()[:MAX_VERSIONS])
        everything: list[tuple[Any, Any]] = [("", _("Print all"))] if choice is SinceChoice.OPTIONAL else []
        # Something differs from the latest version only where a room or a session was removed since.
        if len(everything) + len(versions) > 1 and not load_differences(versions[0]).changes:
            del versions[0]
        choices = [(version.number, describe_version(version.number, version.name)) for version in versions]
        self.fields["since"].required = choice is SinceChoice.REQUIRED
        self._set_choices("since", [*everything, *choices] if choices else [])

    def get_options(self) -> PrintOptions:
        """Return the options of a valid form."""
        data = self.cleaned_data
        return PrintOptions.from_json(
            PrintOptions(kind=self.kind).to_json()
            | {name: value for name, value in data.items() if value not in ("", None)}
        )


def list_depth_choices(depths: Sequence[str], page_counts: Mapping[str, int]) -> list[tuple[str, str]]:
    """Return the depths of the booklet, with the pages that each takes if that is known."""
    choices = []
    for depth in depths:
        label, count = str(DEPTH_LABELS[depth]), page_counts.get(depth)
        if count:
            pages = ngettext("%(count)s page", "%(count)s pages", count) % {"count": count}
            label = f"{label} ({pages})"
        choices.append((depth, label))
    return choices


def list_day_choices(event: Event) -> list[tuple[str, str]]:
    """Return the days of the published programme; none if there is but one."""
    audience = ProgrammeAudience.MEMBERS
    version = ProgrammeVersion(event, "", audience)
    rows = event.sessions.published(audience=audience).values_list("day", "starts_at")
    days = sorted({day or version.get_programme_day(starts_at) for day, starts_at in rows})
    return [(str(day), format_date_with_weekday(day)) for day in days] if len(days) > 1 else []
