"""Organizers' pages for questions, answer files and meals."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from convention.audit.record import record_action
from convention.errors import InvalidFields
from convention.events.models import Event
from convention.events.permissions import get_event_to_organize
from convention.tables.downloads import PDF_TYPE, attachment_response, table_response
from convention.web.forms import report_refusals
from convention.web.routing import require_safe_or_post
from registrations.models import AnswerFile, Question

from .edit import POSITION_STEP, find_removal_objection, move_question, remove_question, save_question
from .forms import QuestionForm
from .meals import count_meals, make_meal_sheet
from .meals_pdf import render_meals_pdf
from .queries import load_questions
from .statistics import count_answers, find_incomplete_registrations, tally_options
from .storage_use import measure_event_storage


@require_GET
def question_list(request: HttpRequest, event: str) -> HttpResponse:
    """List the questions with their numbers of answers, and the storage used."""
    event_obj = get_event_to_organize(event, request.user)
    rows = load_questions(event_obj)
    context = {
        "event": event_obj,
        "section": "organize",
        "questions": list(zip(rows, count_answers(rows), strict=True)),
        "incomplete_count": len(find_incomplete_registrations(event_obj, rows)),
        "storage_use": measure_event_storage(event_obj),
    }
    return render(request, "registrations/organize_questions.html", context)


@require_safe_or_post
def question_create(request: HttpRequest, event: str) -> HttpResponse:
    event_obj = get_event_to_organize(event, request.user)
    return _edit_question(
        request, event_obj, Question(event=event_obj, position=event_obj.questions.count() * POSITION_STEP)
    )


@require_safe_or_post
def question_edit(request: HttpRequest, event: str, slug: str) -> HttpResponse:
    """Change a question, and show how often each of its options was chosen."""
    event_obj = get_event_to_organize(event, request.user)
    return _edit_question(request, event_obj, get_object_or_404(Question, event=event_obj, slug=slug))


def _edit_question(request: HttpRequest, event: Event, question: Question) -> HttpResponse:
    title = question.title if question.pk else ""
    form = QuestionForm(request.POST or None, instance=question, event=event)
    if request.method == "POST" and form.is_valid():
        try:
            save_question(
                question=form.build_question(),
                tickets=form.list_selected_tickets(),
                options=form.build_options(),
                changed=list(form.changed_data),
            )
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        else:
            messages.success(request, _("The question has been saved."))
            return redirect("organize-questions", event.slug)
    context = {"event": event, "section": "organize", "form": form, "question": question, "title": title}
    if question.pk:
        # Read again: the form has written unsaved values to `question`.
        stored = Question.objects.get(pk=question.pk)
        context |= {
            "removal_objection": find_removal_objection(stored),
            "tally": tally_options(stored),
            "texts": list(question.texts.all()),
        }
    return render(request, "registrations/organize_question.html", context)


@require_POST
def question_move(request: HttpRequest, event: str, slug: str) -> HttpResponse:
    event_obj = get_event_to_organize(event, request.user)
    question = get_object_or_404(Question, event=event_obj, slug=slug)
    move_question(question=question, steps=-1 if "up" in request.POST else 1)
    return redirect("organize-questions", event)


@require_POST
def question_delete(request: HttpRequest, event: str, slug: str) -> HttpResponse:
    event_obj = get_event_to_organize(event, request.user)
    with report_refusals(request):
        remove_question(question=get_object_or_404(Question, event=event_obj, slug=slug))
        messages.success(request, _("The question has been removed."))
        return redirect("organize-questions", event)
    return redirect("organize-question", event, slug)


@require_GET
def answer_file_download(request: HttpRequest, event: str, token: str) -> HttpResponse:
    """Send a file that answers a question; each download is audited."""
    event_obj = get_event_to_organize(event, request.user)
    file = get_object_or_404(AnswerFile, event=event_obj, token=token, registration__isnull=False)
    record_action("registration.read_file", file, event=event_obj, fields=[file.question.slug])
    # Not the uploaded name, which may say who the attendee is.
    name = f"{file.question.slug}-{file.pk}{_get_extension(file)}"
    return attachment_response(bytes(file.content), name=name, mimetype=file.content_type)


def _get_extension(file: AnswerFile) -> str:
    return {"application/pdf": ".pdf", "image/png": ".png"}.get(file.content_type, ".jpg")


@never_cache
@require_safe
def meal_counts(request: HttpRequest, event: str) -> HttpResponse:
    event_obj = get_event_to_organize(event, request.user)
    context = {"event": event_obj, "section": "organize", "meals": count_meals(event_obj)}
    return render(request, "registrations/organize_meals.html", context)


@never_cache
@require_safe
def meal_export(request: HttpRequest, event: str, kind: str) -> HttpResponse:
    """Send the meals as a table or as PDF."""
    event_obj = get_event_to_organize(event, request.user)
    record_action("meals.export", event_obj, event=event_obj, fields=[kind])
    name = f"{event_obj.slug}-{_('meals')}"
    if kind == "pdf":
        return attachment_response(render_meals_pdf(event_obj), name=f"{name}.pdf", mimetype=PDF_TYPE)
    return table_response(make_meal_sheet(event_obj), name=name, kind=kind)
