"""Registrations of colleagues and orders of the company; substitute an attendee, or cancel."""

from collections import defaultdict
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from convention.club.addresses.own_addresses import has_address
from convention.club.models import Company
from convention.club.permissions import get_company_of_contact, is_member, require_signed_in
from convention.errors import InvalidFields, NotOpenNow
from convention.events.permissions import get_visible_event
from convention.web.forms import get_posted_data
from convention.web.routing import require_safe_or_post
from registrations.attendee_identity import AttendeeIdentity
from registrations.billing.refund_text import preview_refund
from registrations.booking.change_answers import check_correctable
from registrations.booking.order_limits import AlreadyRegistered
from registrations.changes.cancel import CancelledBy, cancel_registration, check_own_cancellation
from registrations.changes.correct import (
    Correction,
    correct_registration,
    find_new_attendee,
    is_order_contact,
)
from registrations.changes.forms import CorrectionForm, HandoverForm
from registrations.changes.handover_text import (
    describe_correction,
    describe_handover,
    has_own_mailbox,
    is_announced_with_badge,
)
from registrations.company.absence import find_reported_at
from registrations.company.assign_place import AssignmentQuestion, assign_place, find_assignment_question
from registrations.company.booking import refuse_address_of_colleague
from registrations.company.invitations import invite_attendee, remind_colleagues
from registrations.company.models import Invitation
from registrations.company.overview import load_company_overview, load_past_events
from registrations.company.permissions import (
    get_changeable_registration,
    list_company_orders,
    list_company_registrations,
)
from registrations.models import GivenBy, Registration
from registrations.permissions import get_full_access
from registrations.pricing.display import list_price_rows
from registrations.rate_limits import throttle_correction

from .desk import render_page

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser


@never_cache
@require_GET
def registration_list(request: HttpRequest, company: str) -> HttpResponse:
    """List the company's registrations by event, with what each attendee has still to do."""
    company_obj = get_company_of_contact(company, request.user)
    overview = load_company_overview(company_obj)
    rows = list_company_registrations(company_obj).filter(
        event__in=[upcoming.event for upcoming in overview.upcoming_events]
    )
    # Colleagues who registered on their own are listed, but the contact cannot change them.
    order_ids = set(list_company_orders(company_obj).values_list("pk", flat=True))
    by_event = defaultdict[int, list[Registration]](list)
    by_name = rows.select_related("ticket", "order").order_by("sort_name", "pk")
    # Stable: those who are cancelled come last, by name too.
    for registration in sorted(by_name, key=lambda row: row.cancelled_at is not None):
        by_event[registration.event_id].append(registration)
    _attach_invitations([registration for rows in by_event.values() for registration in rows])
    upcoming_events = overview.upcoming_events
    context = {
        "events": [(row, by_event[row.event.pk]) for row in upcoming_events if row.event.pk in by_event],
        "others": [row for row in upcoming_events if row.event.pk not in by_event],
        "order_ids": order_ids,
        "past_events": load_past_events(company_obj, at=timezone.now()),
        "reader_is_member": is_member(require_signed_in(request.user)),
    }
    return render_page(request, "company/registrations.html", company_obj, **context)


def _attach_invitations(rows: list[Registration]) -> None:
    """Attach the current attendee's invitation to each registration, or None.

    Without one, `is_invitation_coming` says whether the mail with the badge, once sent, is the invitation.
    The buyer completes the details of attendees without `has_own_mailbox`.
    """
    invitations = Invitation.objects.filter(registration__in=[row.pk for row in rows])
    by_holder = {
        (invitation.registration_id, invitation.holder_count): invitation for invitation in invitations
    }
    for row in rows:
        row.invitation = by_holder.get((row.pk, row.holder_count))  # type: ignore[attr-defined]  # the model has no such field; the template reads it
        row.has_own_mailbox = has_own_mailbox(row)  # type: ignore[attr-defined]  # read by the template only
        row.is_invitation_coming = is_announced_with_badge(row)  # type: ignore[attr-defined]  # read by the template only


@never_cache
@require_safe_or_post
def registration_detail(request: HttpRequest, company: str, reference: str) -> HttpResponse:
    """Show a registration; a POST substitutes its attendee."""
    company_obj = get_company_of_contact(company, request.user)
    registration = get_changeable_registration(company_obj, reference)
    is_buyer = _holds_order_link(registration, request.user)
    form = HandoverForm(get_posted_data(request), registration=registration)
    question = None
    if request.method == "POST" and form.is_valid():
        # Another contact of the company is not the buyer whom the new attendee reads about.
        given_by = GivenBy.BUYER if is_buyer else GivenBy.CONTACT
        outcome = _give_place(request, company_obj, registration, form, given_by=given_by)
        if isinstance(outcome, Registration):
            contact = require_signed_in(request.user)
            # The buyer may have ordered with another address than the main one.
            reader = registration.order.email if is_buyer else contact.email or ""
            messages.success(request, describe_handover(outcome, reader=reader))
            return redirect("company-place", company, reference)
        question = outcome
    _attach_invitations([registration])
    context = {
        "registration": registration,
        "form": form,
        "question": question,
        "addon_rows": list_price_rows(registration)[1:],
        "holds_link": is_buyer and not registration.order.awaits_verification,
        "can_change": _can_substitute(registration),
        "absence_reported_at": find_reported_at(registration) if registration.is_active else None,
        "can_correct": is_buyer and not registration.is_private,
    }
    return render_page(request, "company/registration.html", company_obj, **context)


def _give_place(
    request: HttpRequest,
    company: Company,
    registration: Registration,
    form: HandoverForm,
    *,
    given_by: GivenBy,
) -> Registration | AssignmentQuestion | None:
    """Give the place and return it, or return a question to answer first, or None with errors on the form."""
    if form.is_sent_again:
        return registration
    throttle_correction(registration.order)
    try:
        return assign_place(
            company=company,
            registration=registration,
            new_attendee=form.to_place(),
            given_by=given_by,
            answer=request.POST.get("answer", ""),
            expected_holder=form.cleaned_data["holder"],
        )
    except InvalidFields as error:
        form.add_errors(error.field_errors)
    except (AlreadyRegistered, NotOpenNow) as error:
        form.add_error(None, str(error))
    return None


def _holds_order_link(registration: Registration, user: "RequestUser") -> bool:
    """Return whether the contact gets the order's e-mails, whose link allows to correct a name."""
    return has_address(require_signed_in(user), registration.order.email)


def _can_substitute(registration: Registration) -> bool:
    return registration.is_active and timezone.now() <= registration.event.substitution_deadline


@never_cache
@require_safe_or_post
def registration_correction(request: HttpRequest, company: str, reference: str) -> HttpResponse:
    """Correct an attendee's name, company or address, with the permissions of the order's link."""
    company_obj = get_company_of_contact(company, request.user)
    registration = get_changeable_registration(company_obj, reference)
    if not _holds_order_link(registration, request.user):
        messages.error(request, _("Only the person who gets the order’s e-mails can correct its details."))
        return redirect("company-place", company, reference)
    link_access = get_full_access(registration.order)
    registration = link_access.get_registration(reference)
    is_post = request.method == "POST"
    if not is_post:
        try:
            check_correctable(registration)
        except NotOpenNow as error:
            messages.error(request, str(error))
            return redirect("company-place", company, reference)
    form = CorrectionForm.from_registration(registration, get_posted_data(request))
    question = None
    if is_post and form.is_valid():
        outcome = _correct(request, company_obj, registration, form)
        if isinstance(outcome, Registration):
            reader, former_holder = link_access.buyer_address, registration.holder_number
            messages.success(
                request, describe_correction(outcome, former_holder=former_holder, reader=reader)
            )
            return redirect("company-place", company, reference)
        question = outcome
    context = {
        "registration": registration,
        "form": form,
        "question": question,
        "question_template": "company/assignment_question.html",
        "clears_answers": not link_access.can_see_answers(registration),
        "is_order_contact": is_order_contact(registration, email=registration.email),
    }
    return render_page(request, "company/correct.html", company_obj, **context)


def _correct(
    request: HttpRequest, company: Company, registration: Registration, form: CorrectionForm
) -> Registration | AssignmentQuestion | None:
    """Correct the registration and return it, or return a question to answer first, or None with errors."""
    throttle_correction(registration.order)
    correction = form.to_correction()
    identity = AttendeeIdentity.from_row(correction)
    try:
        refuse_address_of_colleague(company=company, registration=registration, attendee=identity)
        question = _find_correction_question(company, registration, correction)
        if question and request.POST.get("answer") != question.answer:
            return question
        return correct_registration(registration=registration, correction=correction)
    except InvalidFields as error:
        form.add_errors(error.field_errors)
    except NotOpenNow as error:
        form.add_error(None, str(error))
    return None


def _find_correction_question(
    company: Company, registration: Registration, correction: Correction
) -> AssignmentQuestion | None:
    """Return the question to ask before a correction gives the place to another person, None for none."""
    new_attendee = find_new_attendee(registration, correction)
    return find_assignment_question(company, registration, new_attendee) if new_attendee else None


@require_POST
def invitation_resend(request: HttpRequest, company: str, reference: str) -> HttpResponse:
    """Send the attendee the invitation again."""
    registration = get_changeable_registration(get_company_of_contact(company, request.user), reference)
    throttle_correction(registration.order)
    if invite_attendee(registration=registration):
        messages.success(
            request, _("We are sending the e-mail to %(email)s.") % {"email": registration.email}
        )
    else:
        messages.error(request, _("We have no e-mail address for this attendee."))
    return redirect("company-place", company, reference)


@require_POST
def colleagues_remind(request: HttpRequest, company: str, event: str) -> HttpResponse:
    """Send the link again to all colleagues at the event who have not completed their details."""
    company_obj = get_company_of_contact(company, request.user)
    event_obj = get_visible_event(event, request.user)
    if count := remind_colleagues(company=company_obj, event=event_obj):
        sentence = ngettext(
            "We are e-mailing %(count)d colleague.", "We are e-mailing %(count)d colleagues.", count
        )
        messages.success(request, sentence % {"count": count})
    else:
        messages.info(
            request, _("Nobody was e-mailed: all of them have had an e-mail within the last 24 hours.")
        )
    return redirect("company-registrations", company)


@never_cache
@require_safe_or_post
def registration_cancel(request: HttpRequest, company: str, reference: str) -> HttpResponse:
    """Show what cancelling means; a POST cancels."""
    company_obj = get_company_of_contact(company, request.user)
    registration = get_changeable_registration(company_obj, reference)
    if request.method == "POST":
        is_buyer = _holds_order_link(registration, request.user)
        cancelled_by = CancelledBy.BUYER if is_buyer else CancelledBy.CONTACT
        cancel_registration(registration=registration, cancelled_by=cancelled_by)
        messages.success(
            request, _("%(name)s’s registration has been cancelled.") % {"name": registration.name}
        )
        return redirect("company-registrations", company)
    check_own_cancellation(registration)
    return render_page(
        request,
        "company/cancel.html",
        company_obj,
        registration=registration,
        refund_preview=preview_refund(registration),
    )
