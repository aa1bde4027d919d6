"""Answers changed after registering: by whoever has the link, or by an organizer for them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from convention.errors import InvalidFields, NotFound, SoldOut
from convention.events.doors import event_to_organize
from convention.network import network_of

from ..answer import answer
from ..doors import order_by_link
from ..forms.answers import AnswersForm
from ..forms.correct import ReasonForm
from ..limits import refuse_many_corrections
from ..models import Registration
from ..questions import questions_of


def _form(request: HttpRequest, registration: Registration) -> AnswersForm:
    """The questions as this person sees them."""
    data = request.POST if request.method == "POST" else None
    questions, network = questions_of(registration.event), network_of(request.META)
    return AnswersForm.of(registration, questions, data, request.FILES, network=network)


def _keep(form: AnswersForm, registration: Registration, reason: str) -> bool:
    """Whether the answers are kept; else the form says why not."""
    try:
        answer(registration=registration, given=form.given, reason=reason)
    except InvalidFields as error:
        form.add_errors(error.fields)
    except SoldOut as error:
        form.add_error(None, str(error))
    else:
        return True
    return False


@never_cache
@require_http_methods(["GET", "POST"])
def answer_own(request: HttpRequest, reference: str, secret: str, person: str) -> HttpResponse:
    """Answer the organizer's questions, or answer otherwise."""
    grant = order_by_link(reference, secret)
    registration = grant.registration(person)
    if not grant.sees_answers(registration):
        raise NotFound(_("%(name)s answers by the link in their own e-mail.") % {"name": registration.name})
    form = _form(request, registration)
    if form.is_valid():
        refuse_many_corrections(grant.order, registration)
        if _keep(form, registration, ""):
            messages.success(request, _("The answers are saved."))
            return redirect("order", reference, secret)
    context = {"grant": grant, "event": grant.order.event, "registration": registration, "answers": form}
    return render(request, "registrations/order_answers.html", context)


@require_http_methods(["GET", "POST"])
def answer_for(request: HttpRequest, event: str, reference: str) -> HttpResponse:
    """An organizer answers for someone, with a reason."""
    found = event_to_organize(event, request.user)
    rows = Registration.objects.select_related("ticket", "event")
    registration = get_object_or_404(rows, event=found, reference=reference)
    form, reason = _form(request, registration), ReasonForm(request.POST or None, prefix="answers")
    ready = form.is_valid() and reason.is_valid()
    if ready and _keep(form, registration, reason.cleaned_data["reason"]):
        messages.success(request, _("The answers are saved."))
        return redirect("organize-registration", event, reference)
    context = {"event": found, "section": "organize", "registration": registration, "answers": form}
    return render(request, "registrations/organize_answers.html", context | {"reason": reason})
