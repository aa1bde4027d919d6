"""Pages of feedback: which questions are asked, what those who were there answer, and what came back."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from convention.audit.record import record
from convention.errors import Closed

from ..day_doors import own_application, visit_to_debrief
from ..feedback import FEWEST, answer_feedback, ask_usual, results_of
from ..forms.debrief import FeedbackForm, QuestionForms
from ..models import FeedbackAnswer
from ..presence import was_there


@require_GET
def results(request: HttpRequest, event: str) -> HttpResponse:
    """What came back to each question."""
    visit = visit_to_debrief(event, request.user)
    context = {
        "event": visit.event, "section": "organize", "results": results_of(visit), "fewest": FEWEST,
    }  # fmt: skip
    return render(request, "visits/organize_feedback.html", context)


@require_http_methods(["GET", "POST"])
def questions(request: HttpRequest, event: str) -> HttpResponse:
    """Which questions are asked."""
    visit = visit_to_debrief(event, request.user)
    forms = QuestionForms(request.POST or None, instance=visit)
    if request.method == "POST" and forms.is_valid():
        forms.save()
        record("feedback.ask", visit, event=visit.event)
        messages.success(request, _("The questions are saved."))
        return redirect("organize-visit-feedback", event)
    context = {"event": visit.event, "section": "organize", "forms": forms}
    return render(request, "visits/organize_questions.html", context)


@require_POST
def usual(request: HttpRequest, event: str) -> HttpResponse:
    """Ask the usual questions."""
    ask_usual(visit=visit_to_debrief(event, request.user))
    messages.success(request, _("The usual questions are asked: change them as you like."))
    return redirect("organize-visit-questions", event)


@never_cache
@require_http_methods(["GET", "POST"])
def answer(request: HttpRequest, event: str) -> HttpResponse:
    """The questions, for one who was there; answers may be changed."""
    application = own_application(event, request.user)
    if not was_there(application):
        raise Closed(_("These questions are for those who were there."))
    asked = list(application.visit.feedback_questions.all())
    rows = FeedbackAnswer.objects.filter(application=application)
    given = {row.question_id: row.mark or row.text for row in rows}
    form = FeedbackForm(request.POST or None, questions=asked, given=given)
    if request.method == "POST" and form.is_valid():
        answer_feedback(application=application, answers=form.answers)
        messages.success(request, _("Thank you: your answers are kept. You may change them."))
        return redirect("visit-feedback", event)
    context = {"event": application.visit.event, "form": form, "asked": asked, "given": given}
    return render(request, "visits/feedback.html", context)
