"""Pages on which answers to an event's questions are changed, by the attendee or by an organizer."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from convention.errors import InvalidFields, NotFound, SoldOut
from convention.events.permissions import get_event_to_organize
from convention.web.client_network import get_client_network
from convention.web.forms import get_posted_data
from convention.web.routing import require_safe_or_post
from registrations.booking.change_answers import save_answers
from registrations.form_fields import ChangeReasonForm
from registrations.models import Registration
from registrations.permissions import get_order_by_link
from registrations.questions.answer_forms import AnswersForm, respond_with_questions
from registrations.questions.queries import load_questions
from registrations.rate_limits import throttle_correction


def _make_answers_form(request: HttpRequest, registration: Registration) -> AnswersForm:
    data = get_posted_data(request)
    questions, network = load_questions(registration.event), get_client_network(request.META)
    return AnswersForm.for_registration(registration, questions, data, request.FILES, network=network)


def _save_answers(form: AnswersForm, registration: Registration, reason: str) -> bool:
    """Save the answers, or add the errors to the form; return whether they were saved."""
    try:
        save_answers(registration=registration, given=form.given, reason=reason)
    except InvalidFields as error:
        form.add_errors(error.field_errors)
    except SoldOut as error:
        form.add_error(None, str(error))
    else:
        return True
    return False


@never_cache
@require_safe_or_post
def attendee_answers(request: HttpRequest, reference: str, secret: str, person: str) -> HttpResponse:
    """Answer the event's questions behind a link, or change the answers."""
    link_access = get_order_by_link(reference, secret)
    registration = link_access.get_registration(person)
    if not link_access.can_see_answers(registration):
        raise NotFound(
            _("%(name)s can answer through the link in their own e-mail.") % {"name": registration.name}
        )
    form = _make_answers_form(request, registration)
    if questions := respond_with_questions(request, [form]):
        return questions
    if form.is_valid():
        throttle_correction(link_access.order, registration)
        if _save_answers(form, registration, ""):
            messages.success(request, _("The answers have been saved."))
            return redirect("order", reference, secret)
    context = {
        "link_access": link_access,
        "event": link_access.order.event,
        "registration": registration,
        "answers": form,
    }
    return render(request, "registrations/order_answers.html", context)


@require_safe_or_post
def organizer_answers(request: HttpRequest, event: str, reference: str) -> HttpResponse:
    """Change an attendee's answers as an organizer, with a reason."""
    event_obj = get_event_to_organize(event, request.user)
    rows = Registration.objects.select_related("ticket", "event")
    registration = get_object_or_404(rows, event=event_obj, reference=reference)
    form, reason_form = (
        _make_answers_form(request, registration),
        ChangeReasonForm(request.POST or None, prefix="answers"),
    )
    if questions := respond_with_questions(request, [form]):
        return questions
    is_ready = form.is_valid() and reason_form.is_valid()
    if is_ready and _save_answers(form, registration, reason_form.cleaned_data["reason"]):
        messages.success(request, _("The answers have been saved."))
        return redirect("organize-registration", event, reference)
    context = {"event": event_obj, "section": "organize", "registration": registration, "answers": form}
    return render(request, "registrations/organize_answers.html", context | {"reason": reason_form})
