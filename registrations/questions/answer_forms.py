"""Forms in which one attendee answers an event's questions."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.defaultfilters import linebreaksbr, urlize
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.api.throttles import TooManyRequests
from convention.errors import UnreadableFile
from registrations.models import Question, Registration, Ticket
from registrations.rate_limits import throttle_answer_file, throttle_network_files
from registrations.storefront.drafts import DraftContent

from .answers import AnswerContext, CheckedAnswers, check_answers, extract_texts, select_asked_questions
from .files import ACCEPTED_FILE_TYPES, FileStorageFull, can_store_files, load_file_names, save_answer_file
from .queries import load_questions

Kind = Question.Kind


class AnswersForm(forms.Form):
    """The questions for a ticket's holder; answers are checked by `check_answers`.

    `given` are earlier answers, from a draft or the registration; `senders` and `network` are the names under
    which uploads are counted.
    """

    error_subject = ""

    def __init__(
        self, data: Any = None, files: Any = None, *, ticket: Ticket, questions: list[Question], **kwargs: Any
    ) -> None:
        self.given: dict[str, Any] = dict(kwargs.pop("given", {}))
        self.registration: Registration | None = kwargs.pop("registration", None)
        self.senders: tuple[str, ...] = kwargs.pop("senders", ())
        self.network: str = kwargs.pop("network", "")
        self.ticket, self.questions = ticket, questions
        super().__init__(data, files, **kwargs)
        self.upload_errors: dict[str, str] = {}
        self.has_revealed_questions = False
        if self.is_bound:
            self.given = self._read_typed_answers()
        # Only now: which questions are asked depends on the answers.
        self.asked_questions = select_asked_questions(questions, ticket, self.given)
        self.stored_file_names = load_file_names(ticket.event, [self.given], registration=self.registration)
        for question in self.asked_questions:
            self.fields[question.slug] = build_answer_field(
                question, self.given.get(question.slug), self.stored_file_names
            )
            self.initial[question.slug] = get_initial_value(question, self.given.get(question.slug))

    @classmethod
    def for_registration(
        cls,
        registration: Registration,
        questions: list[Question],
        data: Any = None,
        files: Any = None,
        network: str = "",
    ) -> "AnswersForm":
        """Return the form for a booked registration.

        If the answers lead to further questions, these are shown first, and nothing is checked yet.
        """
        make_form = partial(cls, ticket=registration.ticket, questions=questions, registration=registration)
        senders = (registration.reference,)
        form = make_form(data, files or None, given=registration.answers, senders=senders, network=network)
        new_question = form.find_new_question()
        if new_question is None or form.shown_field_name not in data:
            return form
        # An unbound form: questions that the attendee has not seen yet must not show errors.
        revealed = make_form(given=form.given)
        revealed.has_revealed_questions = True
        revealed.fields[new_question.slug].widget.attrs["autofocus"] = True
        return revealed

    def _read_typed_answers(self) -> dict[str, Any]:
        """Return the typed answers by slug, unchecked; uploaded files are saved and become tokens."""
        typed: dict[str, Any] = {}
        for question in self.questions:
            name = self.add_prefix(question.slug)
            if question.kind == Kind.FILE:
                typed[question.slug] = self._save_upload(question, name)
            elif hasattr(self.data, "getlist") and question.allows_multiple:
                # Truncated here and below: anything can be posted, and a draft stores it unchecked.
                typed[question.slug] = [value[:50] for value in self.data.getlist(name)[:100]]
            else:
                typed[question.slug] = str(self.data.get(name, ""))[:4000]
        return {slug: value for slug, value in typed.items() if value}

    def _save_upload(self, question: Question, name: str) -> str:
        upload = self.files.get(name) if self.files else None
        if not isinstance(upload, UploadedFile):
            if f"{name}-removed" in self.data:
                return ""
            # A file cannot be sent back by the browser: the form carries the token of the stored one.
            return str(self.data.get(f"{name}-stored", ""))[:43]
        try:
            # Counted before saving, because anonymous visitors can upload.
            throttle_answer_file(*self.senders)
            throttle_network_files(self.network, size=upload.size or 0)
            return save_answer_file(question=question, upload=upload, registration=self.registration).token
        except (UnreadableFile, FileStorageFull) as error:
            self.upload_errors[question.slug] = str(error)
        except TooManyRequests as error:
            self.upload_errors[question.slug] = (
                f"{_('You have sent too many files. Remove some and try again.')} {error}"
            )
        return ""

    @property
    def shown_slugs(self) -> str:
        """Return the slugs on the screen, for a hidden field that is sent back."""
        return " ".join(question.slug for question in self.asked_questions)

    @property
    def shown_field_name(self) -> str:
        """Return the name of that hidden field."""
        return self.add_prefix("shown")

    def find_new_question(self) -> Question | None:
        """Return the first question that the answers lead to and that was not on the screen."""
        if not self.is_bound:
            return None
        shown_before = set(str(self.data.get(self.shown_field_name, "")).split())
        return next((asked for asked in self.asked_questions if asked.slug not in shown_before), None)

    def check_answers(self) -> CheckedAnswers:
        earlier_answers = self.registration.answers if self.registration else {}
        can_store = can_store_files(self.ticket.event, self.questions)
        context = AnswerContext(
            answered_at=timezone.now(),
            file_names=self.stored_file_names,
            earlier_answers=earlier_answers,
            can_store_files=can_store,
        )
        return check_answers(self.questions, self.ticket, self.given, context)

    def clean(self) -> dict[str, Any]:
        """Add each error to its field."""
        errors_by_field = dict(self.check_answers().field_errors) | {
            f"answers.{slug}": message for slug, message in self.upload_errors.items()
        }
        self.add_errors({field: [sentence] for field, sentence in errors_by_field.items()})
        return self.cleaned_data

    def add_errors(self, errors: Mapping[str, list[str]]) -> None:
        """Show an action's errors at their fields."""
        for field, sentences in errors.items():
            slug = field.removeprefix("answers.")
            self.add_error(slug if slug in self.fields else None, sentences)


def build_answer_forms(
    draft: DraftContent, tickets: Mapping[str, Ticket], data: Any, files: Any, *senders: str, network: str
) -> list[AnswersForm | None]:
    """Return the form of each person in a draft, None before a ticket is chosen.

    Typed answers are put into the draft. Questions that were not on the screen are shown before they are
    checked.
    """
    # A ticket of the draft may not be offered any more.
    chosen_tickets = [tickets.get(person.get("ticket") or "") for person in draft.people]
    event = next((ticket.event for ticket in chosen_tickets if ticket), None)
    questions = load_questions(event) if event else []
    answer_forms: list[AnswersForm | None] = []
    for index, (person, ticket) in enumerate(zip(draft.people, chosen_tickets, strict=True)):
        if ticket is None:
            answer_forms.append(None)
            continue
        make_form = partial(AnswersForm, ticket=ticket, questions=questions, prefix=f"answer-{index}")
        form = make_form(data, files, given=person.get("answers", {}), senders=senders, network=network)
        if form.is_bound:
            person["answers"] = form.given
        answer_forms.append(make_form(given=person["answers"]) if form.find_new_question() else form)
    return answer_forms


def respond_with_questions(
    request: HttpRequest, answer_forms: Sequence[AnswersForm | None]
) -> HttpResponse | None:
    """Return the questions that the fields sent by `draft.js` lead to; None for any other request."""
    if request.method != "POST" or request.headers.get("X-Draft") != "questions":
        return None
    return render(request, "registrations/draft_questions.html", {"forms": enumerate(answer_forms)})


def get_initial_value(question: Question, given: Any) -> Any:
    if question.allows_multiple:
        return extract_texts(given)
    if question.kind == Kind.CONSENT:
        # A consent to an earlier text does not tick the box for the new one.
        return given.get("version") == question.version if isinstance(given, Mapping) else bool(given)
    return "" if isinstance(given, Mapping) else given


class UncheckedField(forms.Field):
    """A field that checks nothing, so that page and API give the same errors (`check_answers`)."""

    @property
    def says_optional(self) -> bool:
        """Return whether the label says “optional”, for checkboxes too."""
        return not self.required

    def clean(self, value: Any) -> Any:
        return value


class OptionRadioSelect(forms.RadioSelect):
    """Options as radio buttons; sold-out ones are disabled."""

    remaining: Mapping[str, int | None]

    def create_option(self, name: str, value: Any, label: Any, *args: Any, **kwargs: Any) -> Any:
        """Label and disable an option that has run out, unless it is selected."""
        option = super().create_option(name, value, label, *args, **kwargs)
        if self.remaining.get(str(value)) == 0 and not option["selected"]:
            option["label"] = _("%(option)s (none left)") % {"option": label}
            option["attrs"]["disabled"] = True
        return option


class OptionCheckboxSelect(OptionRadioSelect, forms.CheckboxSelectMultiple):
    """Options as checkboxes; sold-out ones are disabled."""

    allow_multiple_selected = True
    input_type = "checkbox"


def build_answer_field(question: Question, given: Any, files: Mapping[str, str]) -> forms.Field:
    field = UncheckedField(
        label=question.title,
        help_text=linebreaksbr(urlize(question.explanation)),
        required=question.is_required,
        widget=_build_widget(question, given, files),
    )
    field.widget.is_required = False
    return field


def _build_widget(question: Question, given: Any, files: Mapping[str, str]) -> forms.Widget:
    if question.has_options:
        options = question.list_options()
        widget = (OptionCheckboxSelect if question.allows_multiple else OptionRadioSelect)(
            choices=[(option.slug, option.title) for option in options]
        )
        widget.remaining = {option.slug: option.remaining for option in options}
        return widget
    if question.kind == Kind.FILE:
        return StoredFileInput(given, files)
    return {
        Kind.PARAGRAPH: forms.Textarea({"rows": 4}),
        Kind.DATE: forms.DateInput({"type": "date"}),
        Kind.CONSENT: forms.CheckboxInput(),
    }.get(Kind(question.kind), forms.TextInput({"maxlength": 300}))


class StoredFileInput(forms.FileInput):
    """A file input, with the stored file that it would replace."""

    template_name = "registrations/stored_file.html"

    def __init__(self, given: Any, files: Mapping[str, str]) -> None:
        super().__init__({"accept": ",".join(ACCEPTED_FILE_TYPES)})
        self.file_token = str(given.get("file", "") if isinstance(given, Mapping) else given or "")
        self.file_name = files.get(self.file_token, "")

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """Add token and name of the stored file."""
        return super().get_context(name, value, attrs) | {
            "file_token": self.file_token,
            "file_name": self.file_name,
        }
