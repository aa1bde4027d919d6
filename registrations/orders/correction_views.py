"""The page behind a link on which an attendee's name, company or address is corrected."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from convention.errors import InvalidFields
from convention.web.forms import get_posted_data
from convention.web.routing import require_safe_or_post
from registrations.changes.correct import (
    AttendeeChanged,
    correct_own_registration,
    correct_registration,
    find_new_attendee,
    is_order_contact,
)
from registrations.changes.forms import CorrectionForm
from registrations.changes.handover_text import describe_correction, describe_handover
from registrations.models import Registration
from registrations.permissions import LinkAccess, get_order_by_link, is_own_secret
from registrations.rate_limits import throttle_correction

from .second_registrations import find_existing_place


@never_cache
@require_safe_or_post
def registration_correction(request: HttpRequest, reference: str, secret: str, person: str) -> HttpResponse:
    """Correct an attendee's name, company or address, after a question if it becomes a second place."""
    link_access = get_order_by_link(reference, secret)
    registration = link_access.get_registration(person)
    form = CorrectionForm.from_registration(registration, get_posted_data(request))
    question = None
    if request.method == "POST" and form.is_valid():
        question = _find_question(request, link_access, registration, form)
        if question is None and (corrected := _correct(link_access, registration, form)):
            return _redirect_after_correction(request, link_access, corrected, registration.holder_number)
    context = {
        "link_access": link_access,
        "event": link_access.order.event,
        "registration": registration,
        "form": form,
        "question": question,
        "question_template": "registrations/second_place_question.html",
        "clears_answers": not link_access.can_see_answers(registration),
        "is_order_contact": link_access.is_full and is_order_contact(registration, email=registration.email),
    }
    return render(request, "registrations/correct.html", context)


def _find_question(
    request: HttpRequest, link_access: LinkAccess, registration: Registration, form: CorrectionForm
) -> Registration | None:
    """Return the other place of the person whom the correction names, unless the reader has confirmed it."""
    new_attendee = find_new_attendee(registration, form.to_correction())
    existing = find_existing_place(link_access, registration, new_attendee) if new_attendee else None
    is_confirmed = existing is not None and request.POST.get("answer") == existing.reference
    return None if is_confirmed else existing


def _correct(
    link_access: LinkAccess, registration: Registration, form: CorrectionForm
) -> Registration | None:
    """Correct the registration and return it, or return None with errors on the form."""
    throttle_correction(link_access.order, registration)
    # A correction through an attendee's own link must not redirect the order's mails.
    correct = correct_registration if link_access.is_full else correct_own_registration
    try:
        return correct(registration=registration, correction=form.to_correction())
    except InvalidFields as error:
        form.add_errors(error.field_errors)
    except AttendeeChanged as error:
        form.add_error(None, str(error))
    return None


def _redirect_after_correction(
    request: HttpRequest, link_access: LinkAccess, registration: Registration, former_holder: int
) -> HttpResponse:
    """Redirect to the order, or to the event's page where the attendee gave the place away.

    `former_holder` is the `holder_number` before the correction.
    """
    if link_access.is_full or is_own_secret(registration, link_access.secret):
        contact = link_access.buyer_address
        saved = describe_correction(
            registration, former_holder=former_holder, reader=contact, former_contact=contact
        )
        messages.success(request, saved)
        # The correction may have replaced the link this page was opened with.
        secret = registration.order.manage_secret if link_access.is_full else link_access.secret
        return redirect("order", link_access.order.reference, secret)
    messages.success(request, f"{describe_handover(registration)} {_('Your link no longer works.')}")
    return redirect("event", link_access.order.event.slug)
