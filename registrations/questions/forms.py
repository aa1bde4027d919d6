"""The organizers' form for a question and its options."""

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from convention.events.models import Event
from convention.templatetags.convention import colon
from convention.text.dates import format_date
from convention.text.normalize import make_unique_slug
from convention.web.edit_forms import EditConflictsMixin
from convention.web.forms import CountField
from registrations.form_fields import ShortNameField, clean_short_name
from registrations.models import Question, QuestionOption, Ticket
from registrations.models.questions import MAX_RETENTION_DAYS

MAX_OPTIONS = 40
BLANK_OPTION_ROWS = 4


class OptionForm(forms.Form):
    """One option; an emptied row is removed."""

    slug = forms.SlugField(required=False, max_length=50, widget=forms.HiddenInput)
    text = forms.CharField(label=_("Choice"), required=False, max_length=200)
    text_en = forms.CharField(label=_("In English"), required=False, max_length=200)
    capacity = CountField(label=_("Places"), required=False)

    def clean(self) -> dict[str, Any]:
        """Require a text in a row that is not empty."""
        data = super().clean() or self.cleaned_data
        if not data.get("text") and (data.get("text_en") or data.get("capacity") is not None):
            self.add_error("text", gettext("Enter the choice."))
        return data


class _OptionFormSet(forms.BaseFormSet[OptionForm]):
    row_label = _("Line %(number)s")


# `absolute_max` too: a forged management form could ask for thousands of forms.
OptionFormSet = forms.formset_factory(
    OptionForm, formset=_OptionFormSet, extra=BLANK_OPTION_ROWS, max_num=MAX_OPTIONS, absolute_max=MAX_OPTIONS
)


class QuestionForm(EditConflictsMixin, forms.ModelForm[Question]):
    """A question; `option_forms` has its options."""

    linked_fields = (("kind", "options"),)

    slug = ShortNameField()
    asked_of = forms.MultipleChoiceField(
        label=_("Tickets"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("If none is ticked, the question is asked for every ticket."),
    )
    after = forms.ChoiceField(
        label=_("When to ask"),
        required=False,
        help_text=_("If you choose an answer, the question only appears once that answer has been given."),
    )

    class Meta:
        model = Question
        fields = [
            "text", "text_en", "slug", "kind", "help", "help_en", "is_required", "is_hidden",
            "retention_days", "position",
        ]  # fmt: skip
        widgets = {
            "help": forms.Textarea({"rows": 3}),
            "help_en": forms.Textarea({"rows": 3}),
        }
        help_texts = {
            "help": _("Shown below the question. For a consent: the text to agree to."),
            "is_hidden": _(
                "Answers already given stay. Questions that depend on this one are no longer asked either."
            ),
            "retention_days": _("They are then deleted automatically."),
            "position": _("Position on the page; the lowest number comes first."),
        }

    def __init__(self, *args: Any, event: Event, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.event = event
        tickets, after = self.fields["asked_of"], self.fields["after"]
        assert isinstance(tickets, forms.MultipleChoiceField)
        assert isinstance(after, forms.ChoiceField)
        self._tickets = {ticket.slug: ticket for ticket in event.tickets.all()}
        others = QuestionOption.objects.filter(question__event=event).exclude(question=self.instance.pk)
        self._other_options = {
            str(option.pk): option
            for option in others.select_related("question__shown_after_option__question")
        }
        tickets.choices = [(slug, ticket.title) for slug, ticket in self._tickets.items()]
        answers = {
            pk: f"{option.question.title}{colon()} {option.title}"
            for pk, option in self._other_options.items()
        }
        option_choices = [
            (pk, gettext("after “%(answer)s”") % {"answer": answer}) for pk, answer in answers.items()
        ]
        after.choices = [("", gettext("always")), *option_choices]
        if self.instance.pk:
            self.initial["asked_of"] = [ticket.slug for ticket in self.instance.tickets.all()]
            self.initial["after"] = str(self.instance.shown_after_option_id or "")
        # A larger stored number could give a date that Python cannot represent.
        if self.instance.pk and self.instance.retention_days <= MAX_RETENTION_DAYS:
            last = event.ends_at + datetime.timedelta(days=self.instance.retention_days)
            help_text = gettext("They are then deleted automatically, currently on %(day)s.")
            self.fields["retention_days"].help_text = help_text % {"day": format_date(last, event.zone)}
        # With data, a row equal to its initial values would count as empty.
        initial = None if self.is_bound else self._list_initial_options()
        self.option_forms = OptionFormSet(self.data or None, prefix="option", initial=initial)

    def _list_initial_options(self) -> list[dict[str, Any]]:
        options = self.instance.options.all() if self.instance.pk else []
        names = ("slug", "text", "text_en", "capacity")
        return [{name: getattr(option, name) for name in names} for option in options]

    def get_current_rows(self) -> dict[str, list[object]]:
        return {"options": _list_option_texts(self._list_initial_options())}

    def get_posted_rows(self) -> dict[str, list[object]]:
        if not self.option_forms.is_valid():
            return {}
        return {"options": _list_option_texts([row.cleaned_data for row in self.option_forms])}

    def get_rows_label(self, name: str) -> str:
        return gettext("Choices")

    def is_valid(self) -> bool:
        # A list, not `and`: both have to be checked to show their errors.
        return all([super().is_valid(), self.option_forms.is_valid()])

    def clean_slug(self) -> str:
        """Return a unique slug, made from the question if none is given."""
        rows = self.event.questions.exclude(pk=self.instance.pk)
        taken = {"new", *rows.values_list("slug", flat=True)}
        return clean_short_name(self, self.cleaned_data.get("text", ""), taken)

    def clean_retention_days(self) -> int:
        days = int(self.cleaned_data["retention_days"])
        if days > MAX_RETENTION_DAYS:
            raise forms.ValidationError(gettext("At most %(most)d days.") % {"most": MAX_RETENTION_DAYS})
        return days

    def clean(self) -> dict[str, Any]:
        """Require options for kinds that need them, and refuse circular conditions."""
        data = super().clean() or self.cleaned_data
        if (
            self.option_forms.is_valid()
            and data.get("kind") in Question.KINDS_WITH_OPTIONS
            and not self.build_options()
        ):
            self._require_first_option()
        condition = self._other_options.get(data.get("after") or "")
        if condition and self.instance.pk and _depends_on(condition, self.instance):
            self.add_error(
                "after", gettext("That question is itself asked only after this one. Choose another answer.")
            )
        return data

    def _require_first_option(self) -> None:
        """Add the error of a missing choice to the first row of choices."""
        sentence = gettext("Enter at least one choice.")
        # A forged request may have no rows at all.
        if self.option_forms.forms:
            self.option_forms.forms[0].add_error("text", sentence)
        else:
            self.add_error("kind", sentence)

    def build_options(self) -> list[QuestionOption]:
        """Return the unsaved options, each with a slug."""
        if "options" in self.restored_names:
            return [QuestionOption(**row) for row in self._list_initial_options()]
        options: list[QuestionOption] = []
        taken = {
            str(row.cleaned_data.get("slug")) for row in self.option_forms if row.cleaned_data.get("text")
        }
        for row in self.option_forms:
            data = row.cleaned_data
            if not data.get("text"):
                continue
            slug = data.get("slug") or make_unique_slug(data["text"], taken=taken, fallback="choice")
            taken.add(slug)
            words = {"text": data["text"], "text_en": data["text_en"], "capacity": data["capacity"]}
            options.append(QuestionOption(slug=slug, **words))
        return options

    def build_question(self) -> Question:
        """Return the question as filled in, unsaved."""
        self.instance.event = self.event
        self.instance.shown_after_option = self._other_options.get(self.cleaned_data["after"])
        return self.instance

    def list_selected_tickets(self) -> list[Ticket]:
        """Return the tickets whose holders are asked; empty for all."""
        return [self._tickets[slug] for slug in self.cleaned_data["asked_of"]]


def _list_option_texts(rows: Iterable[Mapping[str, Any]]) -> list[object]:
    """Return a text for each option, the same for a stored and a posted one."""
    filled = [row for row in rows if row.get("text")]
    return [
        " · ".join(
            str(row[name]) for name in ("text", "text_en", "capacity") if row.get(name) not in ("", None)
        )
        for row in filled
    ]


def _depends_on(option: QuestionOption, question: Question) -> bool:
    """Return whether the option's question is shown only after `question`, directly or not."""
    seen: set[int] = set()
    previous: Question | None = option.question
    # `seen` ends the loop if the stored conditions are circular already.
    while previous and previous.pk not in seen:
        if previous.pk == question.pk:
            return True
        seen.add(previous.pk)
        previous = previous.shown_after_option.question if previous.shown_after_option else None
    return False
