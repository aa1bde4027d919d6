"""The page on which an attendee completes their own details, behind their own link."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from convention.errors import InvalidFields
from convention.web.routing import require_safe_or_post
from registrations.company.forms import AttendeeDetailsForm
from registrations.company.invitations import save_attendee_details
from registrations.models import Registration
from registrations.permissions import get_order_by_link
from registrations.questions.answers import select_open_questions
from registrations.questions.queries import load_questions
from registrations.rate_limits import throttle_correction


@never_cache
@require_safe_or_post
def attendee_details(request: HttpRequest, reference: str, secret: str, person: str) -> HttpResponse:
    """Let an attendee complete the name on the badge and the photo choice."""
    link_access = get_order_by_link(reference, secret)
    registration = link_access.get_registration(person)
    form = (
        AttendeeDetailsForm(request.POST)
        if request.method == "POST"
        else AttendeeDetailsForm.from_registration(registration)
    )
    if request.method == "POST" and form.is_valid():
        throttle_correction(link_access.order, registration)
        try:
            completed = save_attendee_details(registration=registration, details=form.to_place())
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        else:
            messages.success(request, _("Thank you. Your details are complete."))
            page = (
                ("order-answers", reference, secret, person)
                if _has_open_questions(completed)
                else ("order", reference, secret)
            )
            return redirect(*page)
    context = {
        "link_access": link_access,
        "event": link_access.order.event,
        "registration": registration,
        "form": form,
    }
    return render(request, "company/attendee_details.html", context)


def _has_open_questions(registration: Registration) -> bool:
    return bool(
        select_open_questions(load_questions(registration.event), registration.ticket, registration.answers)
    )
