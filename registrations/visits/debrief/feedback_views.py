"""Pages of feedback: the organizer's questions and results, and the visitor's answers."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from convention.audit.record import record_action
from convention.errors import NotOpenNow
from convention.web.routing import require_safe_or_post
from registrations.visits.applications.state import was_present
from registrations.visits.models import FeedbackAnswer
from registrations.visits.permissions import get_own_application, get_visit_to_debrief

from .feedback import MIN_ANSWERS_SHOWN, add_default_questions, list_results, save_feedback
from .forms import FeedbackForm, FeedbackQuestionFormSet


@require_GET
def feedback_results(request: HttpRequest, event: str) -> HttpResponse:
    visit = get_visit_to_debrief(event, request.user)
    context = {
        "event": visit.event,
        "section": "organize",
        "results": list_results(visit),
        "fewest": MIN_ANSWERS_SHOWN,
    }
    return render(request, "visits/organize_feedback.html", context)


@require_safe_or_post
def question_list(request: HttpRequest, event: str) -> HttpResponse:
    """Edit the questions of a visit."""
    visit = get_visit_to_debrief(event, request.user)
    forms = FeedbackQuestionFormSet(request.POST or None, instance=visit)
    if request.method == "POST" and forms.is_valid():
        forms.save()
        record_action("feedback.ask", visit, event=visit.event)
        messages.success(request, _("The questions have been saved."))
        return redirect("organize-visit-feedback", event)
    context = {"event": visit.event, "section": "organize", "forms": forms}
    return render(request, "visits/organize_questions.html", context)


@require_POST
def default_questions_add(request: HttpRequest, event: str) -> HttpResponse:
    add_default_questions(visit=get_visit_to_debrief(event, request.user))
    messages.success(request, _("The standard questions have been added. Change them as you like."))
    return redirect("organize-visit-questions", event)


@never_cache
@require_safe_or_post
def feedback_answer(request: HttpRequest, event: str) -> HttpResponse:
    """Show the questions to a visitor who was present; answers may be changed later."""
    application = get_own_application(event, request.user)
    # Also checked by `save_feedback`; here, so that nobody fills in a form that would be refused.
    if not was_present(application):
        raise NotOpenNow(_("These questions are for people who attended the visit."))
    questions = list(application.visit.feedback_questions.all())
    rows = FeedbackAnswer.objects.filter(application=application)
    answers = {row.question_id: row.rating or row.text for row in rows}
    form = FeedbackForm(request.POST or None, questions=questions, answers=answers)
    if request.method == "POST" and form.is_valid():
        save_feedback(application=application, answers=form.answers)
        messages.success(request, _("Thank you. Your answers have been saved; you can still change them."))
        return redirect("visit-feedback", event)
    context = {"event": application.visit.event, "form": form, "questions": questions, "answers": answers}
    return render(request, "visits/feedback.html", context)
