"""Organizers' pages: the questions of an event, and what was answered."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from convention.audit.record import record
from convention.downloads import attachment
from convention.errors import InvalidFields
from convention.events.doors import event_to_organize
from convention.events.models import Event

from ..answered import answered, lacking, tally
from ..forms.questions import QuestionForm
from ..models import AnswerFile, Question
from ..questions import APART, move_question, questions_of, remove_question, save_question
from ..stored_use import use_of


@require_GET
def questions(request: HttpRequest, event: str) -> HttpResponse:
    """All questions, each with how many answered it, and how much of the room for answers is used."""
    found = event_to_organize(event, request.user)
    rows = questions_of(found)
    context = {
        "event": found,
        "section": "organize",
        "questions": list(zip(rows, answered(rows), strict=True)),
        "lacking": len(lacking(found, rows)),
        "use": use_of(found),
    }
    return render(request, "registrations/organize_questions.html", context)


@require_http_methods(["GET", "POST"])
def new_question(request: HttpRequest, event: str) -> HttpResponse:
    """Add one."""
    found = event_to_organize(event, request.user)
    return _edit(request, found, Question(event=found, position=found.questions.count() * APART))


@require_http_methods(["GET", "POST"])
def question(request: HttpRequest, event: str, slug: str) -> HttpResponse:
    """Change one, and see its answers counted."""
    found = event_to_organize(event, request.user)
    return _edit(request, found, get_object_or_404(Question, event=found, slug=slug))


def _edit(request: HttpRequest, event: Event, one: Question) -> HttpResponse:
    title = one.title if one.pk else ""
    form = QuestionForm(request.POST or None, instance=one, event=event)
    if request.method == "POST" and form.is_valid():
        try:
            save_question(
                question=form.question(),
                tickets=form.tickets(),
                options=form.options(),
                changed=list(form.changed_data),
            )
        except InvalidFields as error:
            form.add_errors(error.fields)
        else:
            messages.success(request, _("The question is saved."))
            return redirect("organize-questions", event.slug)
    context = {"event": event, "section": "organize", "form": form, "question": one, "title": title}
    if one.pk:
        context |= {"tally": tally(Question.objects.get(pk=one.pk)), "texts": list(one.texts.all())}
    return render(request, "registrations/organize_question.html", context)


@require_POST
def move(request: HttpRequest, event: str, slug: str) -> HttpResponse:
    """One place up or down."""
    found = event_to_organize(event, request.user)
    one = get_object_or_404(Question, event=found, slug=slug)
    move_question(question=one, steps=-1 if "up" in request.POST else 1)
    return redirect("organize-questions", event)


@require_POST
def remove(request: HttpRequest, event: str, slug: str) -> HttpResponse:
    """Remove one that nobody answered."""
    found = event_to_organize(event, request.user)
    remove_question(question=get_object_or_404(Question, event=found, slug=slug))
    messages.success(request, _("The question is removed."))
    return redirect("organize-questions", event)


@require_GET
def answer_file(request: HttpRequest, event: str, token: str) -> HttpResponse:
    """A file that somebody answered with."""
    found = event_to_organize(event, request.user)
    file = get_object_or_404(AnswerFile, event=found, token=token, registration__isnull=False)
    record("registration.read_file", file, event=found, fields=[file.question.slug])
    name = f"{file.question.slug}-{file.pk}{_ending(file)}"
    return attachment(bytes(file.content), name=name, mimetype=file.content_type)


def _ending(file: AnswerFile) -> str:
    return {"application/pdf": ".pdf", "image/png": ".png"}.get(file.content_type, ".jpg")
