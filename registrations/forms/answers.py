"""The fields in which one person answers an event's questions."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import linebreaksbr, urlize
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.api.throttles import TooOften
from convention.errors import Unreadable

from ..answer_files import KINDS, FilesFull, files_named, keep_file, takes_files
from ..answers import Answers, Around, asked, read, texts_of
from ..draft import Draft
from ..limits import refuse_many_files, refuse_many_files_of_network
from ..models import Question, Registration, Ticket
from ..questions import questions_of

Kind = Question.Kind


class AnswersForm(forms.Form):
    """What is asked of a ticket's holder, given what was answered so far; judged by `answers.read`.

    `given` are the answers typed before, as kept in a draft or with the registration; `senders` are the names
    under which files are counted, besides the `network` that they come from.
    """

    def __init__(
        self, data: Any = None, files: Any = None, *, ticket: Ticket, questions: list[Question], **kwargs: Any
    ) -> None:
        self.given: dict[str, Any] = dict(kwargs.pop("given", {}))
        self.registration: Registration | None = kwargs.pop("registration", None)
        self.senders: tuple[str, ...] = kwargs.pop("senders", ())
        self.network: str = kwargs.pop("network", "")
        self.ticket, self.questions = ticket, questions
        super().__init__(data, files, **kwargs)
        self.trouble: dict[str, str] = {}
        if self.is_bound:
            self.given = self._typed()
        self.asked = asked(questions, ticket, self.given)
        self.files_kept = files_named(ticket.event, [self.given], of=self.registration)
        for question in self.asked:
            self.fields[question.slug] = field_for(question, self.given.get(question.slug), self.files_kept)
            self.initial[question.slug] = initial_of(question, self.given.get(question.slug))

    @classmethod
    def of(
        cls,
        registration: Registration,
        questions: list[Question],
        data: Any = None,
        files: Any = None,
        network: str = "",
    ) -> "AnswersForm":
        """As this person sees the questions; one that an answer leads to is shown before it is judged."""
        ask = partial(cls, ticket=registration.ticket, questions=questions, registration=registration)
        senders = (registration.reference,)
        form = ask(data, files or None, given=registration.answers, senders=senders, network=network)
        return ask(given=form.given) if form.asks_more and "shown" in data else form

    def _typed(self) -> dict[str, Any]:
        """What was typed, by question, right or wrong; files are kept and become their tokens."""
        typed: dict[str, Any] = {}
        for question in self.questions:
            name = self.add_prefix(question.slug)
            if question.kind == Kind.FILE:
                typed[question.slug] = self._file(question, name)
            elif hasattr(self.data, "getlist") and question.takes_several:
                typed[question.slug] = [value[:50] for value in self.data.getlist(name)[:100]]
            else:
                typed[question.slug] = str(self.data.get(name, ""))[:4000]
        return {slug: value for slug, value in typed.items() if value}

    def _file(self, question: Question, name: str) -> str:
        upload = self.files.get(name) if self.files else None
        if not isinstance(upload, UploadedFile):
            if f"{name}-gone" in self.data:
                return ""
            return str(self.data.get(f"{name}-kept", ""))[:43]
        try:
            refuse_many_files(*self.senders)
            refuse_many_files_of_network(self.network, size=upload.size or 0)
            return keep_file(question=question, upload=upload, registration=self.registration).token
        except (Unreadable, FilesFull) as error:
            self.trouble[question.slug] = str(error)
        except TooOften as error:
            self.trouble[question.slug] = f"{_('Too many files were sent.')} {error}"
        return ""

    @property
    def shown(self) -> str:
        """The questions on the screen, as the form says it when it is sent."""
        return " ".join(question.slug for question in self.asked)

    @property
    def asks_more(self) -> bool:
        """Whether a question is asked now that was not on the screen that was sent."""
        seen = set(str(self.data.get(self.add_prefix("shown"), "")).split())
        return self.is_bound and any(question.slug not in seen for question in self.asked)

    def answers(self) -> Answers:
        """What is kept of them, and what is wrong."""
        before = self.registration.answers if self.registration else {}
        takes = takes_files(self.ticket.event, self.questions)
        around = Around(at=timezone.now(), files=self.files_kept, before=before, takes_files=takes)
        return read(self.questions, self.ticket, self.given, around)

    def clean(self) -> dict[str, Any]:
        """Each sentence at its field."""
        wrong = dict(self.answers().wrong) | {f"answers.{slug}": said for slug, said in self.trouble.items()}
        self.add_errors({field: [sentence] for field, sentence in wrong.items()})
        return self.cleaned_data

    def add_errors(self, errors: Mapping[str, list[str]]) -> None:
        """Show the act's sentences at their fields."""
        for field, sentences in errors.items():
            slug = field.removeprefix("answers.")
            self.add_error(slug if slug in self.fields else None, sentences)


def forms_for(
    draft: Draft, tickets: Mapping[str, Ticket], data: Any, files: Any, *senders: str, network: str
) -> list[AnswersForm | None]:
    """What each person of a draft is asked; None before a ticket is chosen. What is typed goes to the draft.

    A question that was not on the screen that was sent is shown before it is judged.
    """
    chosen = [tickets.get(person.get("ticket") or "") for person in draft.people]
    event = next((ticket.event for ticket in chosen if ticket), None)
    questions = questions_of(event) if event else []
    forms: list[AnswersForm | None] = []
    for index, (person, ticket) in enumerate(zip(draft.people, chosen, strict=True)):
        if ticket is None:
            forms.append(None)
            continue
        ask = partial(AnswersForm, ticket=ticket, questions=questions, prefix=f"answer-{index}")
        form = ask(data, files, given=person.get("answers", {}), senders=senders, network=network)
        if form.is_bound:
            person["answers"] = form.given
        forms.append(ask(given=person["answers"]) if form.asks_more else form)
    return forms


def initial_of(question: Question, given: Any) -> Any:
    """What a field shows of an answer that was typed or kept."""
    if question.takes_several:
        return texts_of(given)
    if question.kind == Kind.CONSENT:
        return given.get("version") == question.version if isinstance(given, Mapping) else bool(given)
    return "" if isinstance(given, Mapping) else given


class Typed(forms.Field):
    """A field that leaves judging to `answers.read`, so that page and API say the same."""

    @property
    def says_optional(self) -> bool:
        """A box to tick says it as well as other fields do."""
        return not self.required

    def clean(self, value: Any) -> Any:
        """Whatever was typed."""
        return value


class OneOption(forms.RadioSelect):
    """Options as radio buttons; one that has run out cannot be chosen any more."""

    left: Mapping[str, int | None]

    def create_option(self, name: str, value: Any, label: Any, *args: Any, **kwargs: Any) -> Any:
        """Say what is left, and disable what has run out."""
        option = super().create_option(name, value, label, *args, **kwargs)
        if self.left.get(str(value)) == 0 and not option["selected"]:
            option["label"] = _("%(option)s (none left)") % {"option": label}
            option["attrs"]["disabled"] = True
        return option


class SeveralOptions(OneOption, forms.CheckboxSelectMultiple):
    """The same as boxes to tick."""

    allow_multiple_selected = True
    input_type = "checkbox"


def field_for(question: Question, given: Any, files: Mapping[str, str]) -> forms.Field:
    """The field for a question; what is wrong with an answer is said by `answers.read`."""
    field = Typed(
        label=question.title,
        help_text=linebreaksbr(urlize(question.explanation)),
        required=question.is_required,
        widget=_widget_for(question, given, files),
    )
    field.widget.is_required = False
    return field


def _widget_for(question: Question, given: Any, files: Mapping[str, str]) -> forms.Widget:
    if question.has_options:
        options = list(question.options.all())
        widget = (SeveralOptions if question.takes_several else OneOption)(
            choices=[(option.slug, option.title) for option in options]
        )
        widget.left = {option.slug: option.left for option in options}
        return widget
    if question.kind == Kind.FILE:
        return KeptFile(given, files)
    return {
        Kind.PARAGRAPH: forms.Textarea({"rows": 4}),
        Kind.DATE: forms.DateInput({"type": "date"}),
        Kind.CONSENT: forms.CheckboxInput(),
    }.get(Kind(question.kind), forms.TextInput({"maxlength": 300}))


class KeptFile(forms.FileInput):
    """A file to choose, beside the one that is kept already."""

    template_name = "registrations/kept_file.html"

    def __init__(self, given: Any, files: Mapping[str, str]) -> None:
        super().__init__({"accept": ",".join(KINDS)})
        self.token = str(given.get("file", "") if isinstance(given, Mapping) else given or "")
        self.named = files.get(self.token, "")

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """What the template needs to carry the kept file on."""
        return super().get_context(name, value, attrs) | {"token": self.token, "named": self.named}
