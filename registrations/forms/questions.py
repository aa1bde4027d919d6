"""Questions: an organizer's form for one, and the fields in which people answer them."""

import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from convention.dates import say_day
from convention.events.models import Event
from convention.refusable import Refusable
from convention.short_names import short_name

from ..forget import MOST_DAYS
from ..models import Option, Question, Ticket
from .names import ShortName, chosen_name

MOST_OPTIONS = 40
BLANK_ROWS = 4


class OptionForm(forms.Form):
    """One thing to choose; an emptied row is removed."""

    slug = forms.SlugField(required=False, max_length=50, widget=forms.HiddenInput)
    text = forms.CharField(label=_("Choice"), required=False, max_length=200)
    text_en = forms.CharField(label=_("In English"), required=False, max_length=200)
    capacity = forms.IntegerField(label=_("Places"), required=False, min_value=0, max_value=1_000_000)

    def clean(self) -> dict[str, Any]:
        """A row with more than nothing needs its words."""
        data = super().clean() or self.cleaned_data
        if not data.get("text") and (data.get("text_en") or data.get("capacity") is not None):
            self.add_error("text", gettext("Write the choice."))
        return data


OptionRows = forms.formset_factory(
    OptionForm, extra=BLANK_ROWS, max_num=MOST_OPTIONS, absolute_max=MOST_OPTIONS
)


class QuestionForm(Refusable, forms.ModelForm[Question]):
    """One question; its options stand in `rows`."""

    slug = ShortName()
    asked_of = forms.MultipleChoiceField(
        label=_("Tickets"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: everybody is asked."),
    )
    after = forms.ChoiceField(
        label=_("Asked only after"),
        required=False,
        help_text=_("The question then appears once this answer was chosen."),
    )

    class Meta:
        model = Question
        fields = [
            "text", "text_en", "slug", "kind", "help", "help_en", "is_required", "retention_days", "position",
        ]  # fmt: skip
        widgets = {
            "help": forms.Textarea({"rows": 3}),
            "help_en": forms.Textarea({"rows": 3}),
        }
        help_texts = {
            "help": _("Stands beneath the question. For a consent: the text that is agreed to."),
            "retention_days": _("Then they are removed by themselves."),
            "position": _("The order on the page: small numbers first."),
        }

    def __init__(self, *args: Any, event: Event, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.event = event
        tickets, after = self.fields["asked_of"], self.fields["after"]
        assert isinstance(tickets, forms.MultipleChoiceField)
        assert isinstance(after, forms.ChoiceField)
        self._tickets = {ticket.slug: ticket for ticket in event.tickets.all()}
        others = Option.objects.filter(question__event=event).exclude(question=self.instance.pk)
        self._others = {
            str(option.pk): option for option in others.select_related("question__shown_if__question")
        }
        tickets.choices = [(slug, ticket.title) for slug, ticket in self._tickets.items()]
        named = [(pk, f"{option.question.title}: {option.title}") for pk, option in self._others.items()]
        after.choices = [("", gettext("always asked")), *named]
        if self.instance.pk:
            self.initial["asked_of"] = [ticket.slug for ticket in self.instance.tickets.all()]
            self.initial["after"] = str(self.instance.shown_if_id or "")
        if self.instance.pk and self.instance.retention_days <= MOST_DAYS:
            last = event.ends_at + datetime.timedelta(days=self.instance.retention_days)
            told = gettext("Then they are removed by themselves: as it stands, on %(day)s.")
            self.fields["retention_days"].help_text = told % {"day": say_day(last, event.zone)}
        self.rows = OptionRows(self.data or None, prefix="option", initial=self._standing())

    def _standing(self) -> list[dict[str, Any]]:
        options = self.instance.options.all() if self.instance.pk else []
        names = ("slug", "text", "text_en", "capacity")
        return [{name: getattr(option, name) for name in names} for option in options]

    def clean_slug(self) -> str:
        """One of its kind at this event; made of the question where nobody chose one."""
        rows = self.event.questions.exclude(pk=self.instance.pk)
        taken = {"new", *rows.values_list("slug", flat=True)}
        return chosen_name(self, self.cleaned_data.get("text", ""), taken)

    def clean_retention_days(self) -> int:
        """Some years at most."""
        days = int(self.cleaned_data["retention_days"])
        if days > MOST_DAYS:
            raise forms.ValidationError(gettext("At most %(most)d days.") % {"most": MOST_DAYS})
        return days

    def clean(self) -> dict[str, Any]:
        """Kinds that are chosen from need something to choose; a question never waits for itself."""
        data = super().clean() or self.cleaned_data
        if not self.rows.is_valid():
            self.add_error(None, gettext("The choices need another look."))
        elif data.get("kind") in Question.CHOSEN and not self.options():
            self.add_error("kind", gettext("Write at least one choice."))
        before = self._others.get(data.get("after") or "")
        if before and self.instance.pk and _waits_for(before, self.instance):
            self.add_error("after", gettext("That question waits for this one; choose another answer."))
        return data

    def options(self) -> list[Option]:
        """The choices as written, each with an address of its own."""
        options: list[Option] = []
        taken = {str(row.cleaned_data.get("slug")) for row in self.rows if row.cleaned_data.get("text")}
        for row in self.rows:
            data = row.cleaned_data
            if not data.get("text"):
                continue
            slug = data.get("slug") or short_name(data["text"], taken=taken, or_else="choice")
            taken.add(slug)
            words = {"text": data["text"], "text_en": data["text_en"], "capacity": data["capacity"]}
            options.append(Option(slug=slug, **words))
        return options

    def question(self) -> Question:
        """The question as filled in, not kept yet."""
        self.instance.event = self.event
        self.instance.shown_if = self._others.get(self.cleaned_data["after"])
        return self.instance

    def tickets(self) -> list[Ticket]:
        """Whose holders are asked; empty for all."""
        return [self._tickets[slug] for slug in self.cleaned_data["asked_of"]]


def _waits_for(option: Option, question: Question) -> bool:
    """Whether the question of that option is asked only after this one, however far."""
    seen: set[int] = set()
    before: Question | None = option.question
    while before and before.pk not in seen:
        if before.pk == question.pk:
            return True
        seen.add(before.pk)
        before = before.shown_if.question if before.shown_if else None
    return False
