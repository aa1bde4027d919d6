"""Pages of one guest at the desk: check-in, note, correction, substitution, and the order's confirmation."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from badges.attendance.models import Scan
from badges.desk.badge_prints import find_last_print, is_valid_badge_printed
from badges.desk.check_in import DeskVerdict, check_in_guest, find_last_verdict, undo_check_in
from badges.desk.forms import DeskSubstitutionForm
from badges.desk.mistakes import is_walk_in_cancellable, list_order_payments
from badges.desk.permissions import can_cancel_order_of, can_take_payments, get_guest_to_serve
from badges.desk.search import load_guests
from convention.club.models import Person
from convention.errors import ConventionError, InvalidFields, NotOpenNow
from convention.events.permissions import can_organize
from convention.text.normalize import normalize_whitespace
from convention.web.forms import get_posted_data
from convention.web.routing import require_safe_or_post
from registrations.booking.order_limits import AlreadyRegistered
from registrations.booking.verification import vouch_for_order
from registrations.changes.correct import correct_as_organizer
from registrations.changes.forms import CorrectionForm
from registrations.changes.substitute import substitute_as_organizer
from registrations.models import Order, Registration
from registrations.notes.forms import StaffNoteForm
from registrations.notes.staff_notes import write_staff_note
from registrations.orders.language_views import save_posted_language

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

MAX_REASON_LENGTH = 300


def get_operator(request: "HttpRequest") -> Person | None:
    """Return the signed-in person at the desk."""
    return request.user if isinstance(request.user, Person) else None


@never_cache
@require_safe
def guest_detail(request: "HttpRequest", event: str, reference: str) -> HttpResponse:
    """Show one guest with everything that the desk may do."""
    guest = get_guest_to_serve(event, reference, request.user)
    takes_payments = can_take_payments(request.user, guest.event)
    context = {
        "section": "desk",
        "event": guest.event,
        "guest": load_guests(guest.event, [guest.pk])[0],
        "registration": guest,
        "verdict": find_last_verdict(guest),
        "last_print": find_last_print(guest),
        "note_form": StaffNoteForm.from_registration(guest),
        "order_payments": list_order_payments(guest) if takes_payments else [],
        "can_cancel": is_walk_in_cancellable(guest) and can_cancel_order_of(guest, request.user),
        "can_organize": can_organize(request.user, guest.event),
        "takes_payments": takes_payments,
        "offers_language": _offers_language(guest),
    }
    return render(request, "desk/guest.html", context)


@require_POST
def guest_check_in(request: "HttpRequest", event: str, reference: str) -> HttpResponse:
    """Check a guest in or out; the reason of a supervisor overrides a refusal."""
    guest = get_guest_to_serve(event, reference, request.user)
    is_out = request.POST.get("direction") == Scan.Direction.OUT
    if _is_from_registration(request) and not is_out:
        # Pages of organizers stay open for long, and a second entry would be a conflict.
        if load_guests(guest.event, [guest.pk])[0].is_inside:
            messages.info(request, _("%(name)s is already inside.") % {"name": guest.name})
            return redirect("organize-registration", event, reference)
        is_over = guest.event.is_over()
        if (is_over or guest.event.is_before_first_day()) and "confirmed" not in request.POST:
            context = {"event": guest.event, "registration": guest, "is_event_over": is_over}
            return render(request, "desk/confirm_check_in.html", {"section": "organize", **context})
    verdict = check_in_guest(
        guest=guest,
        operator=get_operator(request),
        direction=Scan.Direction.OUT.value if is_out else Scan.Direction.IN.value,
        reason=normalize_whitespace(request.POST.get("reason", ""))[:MAX_REASON_LENGTH],
    )
    return _respond_with_verdict(request, guest, verdict)


@require_POST
def guest_undo(request: "HttpRequest", event: str, reference: str) -> HttpResponse:
    """Take back the guest's last scan at the desk."""
    guest = get_guest_to_serve(event, reference, request.user)
    scan_uid = request.POST.get("scan", "")
    undone = undo_check_in(guest=guest, operator=get_operator(request), scan_uid=scan_uid)
    verdict = undone or find_last_verdict(guest)
    problem = ""
    # After a second click the scan is undone already, which needs no message.
    if verdict is None or (undone is None and str(verdict.scan.undoes) != scan_uid):
        problem = _("Nothing was undone: this guest has been scanned again since.")
    return _respond_with_verdict(request, guest, verdict, problem)


def _is_from_registration(request: "HttpRequest") -> bool:
    return request.POST.get("page") == "registration"


def _respond_with_verdict(
    request: "HttpRequest", guest: Registration, verdict: DeskVerdict | None, problem: str = ""
) -> HttpResponse:
    """Return the verdict alone to the script, and the empty search page with it to a form.

    The organizers' page of the registration is shown again with a message. `problem` is a sentence that is
    shown above the verdict.
    """
    if _is_from_registration(request):
        is_warning = verdict is None or verdict.is_refused or problem != ""
        sentence = problem or (verdict.sentence if verdict else "")
        messages.add_message(request, messages.WARNING if is_warning else messages.SUCCESS, sentence)
        return redirect("organize-registration", guest.event.slug, guest.reference)
    if "part" in request.GET:
        context = {
            "event": guest.event,
            "verdict": verdict,
            "problem": problem,
            "takes_payments": can_take_payments(request.user, guest.event),
        }
        return render(request, "desk/verdict.html", context)
    if problem:
        messages.warning(request, problem)
    query = urlencode({"served": guest.reference})
    return redirect(f"{reverse('desk', args=[guest.event.slug])}?{query}")


@require_POST
def guest_note(request: "HttpRequest", event: str, reference: str) -> HttpResponse:
    """Replace the staff's note about a guest."""
    guest = get_guest_to_serve(event, reference, request.user)
    form = StaffNoteForm(request.POST)
    if form.is_valid():
        write_staff_note(registration=guest, text=form.cleaned_data["text"], written_by=get_operator(request))
        messages.success(request, _("The note has been saved."))
    else:
        messages.error(request, " ".join(map(str, form.errors["text"])))
    return redirect("desk-guest", event, reference)


@never_cache
@require_safe_or_post
def guest_correct(request: "HttpRequest", event: str, reference: str) -> HttpResponse:
    """Correct name, company or address; another person's name makes it a transfer."""
    guest = get_guest_to_serve(event, reference, request.user)
    is_post = request.method == "POST"
    describe = _choose_description(guest)
    form = CorrectionForm.from_registration(guest, get_posted_data(request))
    if is_post and form.is_valid():
        try:
            corrected = correct_as_organizer(registration=guest, correction=form.to_correction())
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        except NotOpenNow as error:
            # Shown in the form, so that nothing typed is lost.
            form.add_error(None, str(error))
        else:
            messages.success(request, describe(guest, corrected))
            return redirect("desk-guest", event, reference)
    context = {"section": "desk", "event": guest.event, "registration": guest, "form": form}
    return render(request, "desk/correct.html", context)


def _choose_description(guest: Registration) -> "Callable[[Registration, Registration], str]":
    """Return how to describe a change of the guest: it is about the badge only if that was printed."""
    return _describe_change_of_badge if is_valid_badge_printed(guest) else _describe_change


def _describe_change(before: Registration, changed: Registration) -> str:
    if changed.badge_version == before.badge_version:
        return _("The correction has been saved.")
    return _("The place is now in the name of %(name)s.") % {"name": changed.name}


def _describe_change_of_badge(before: Registration, changed: Registration) -> str:
    if changed.badge_version == before.badge_version:
        return _("The correction has been saved. The badge already printed stays valid.")
    return _("The place is now in the name of %(name)s. The badge already printed is no longer valid.") % {
        "name": changed.name
    }


def _offers_language(guest: Registration) -> bool:
    """Return whether the language of the order, which the desk may choose, is that of the guest's e-mails."""
    has_own_language = guest.has_own_address and bool(guest.language)
    return guest.order.source == Order.Source.DESK and bool(guest.email) and not has_own_language


@require_POST
def guest_language(request: "HttpRequest", event: str, reference: str) -> HttpResponse:
    """Save the language of a walk-in's e-mails; that of another order is for its buyer to choose."""
    guest = get_guest_to_serve(event, reference, request.user)
    if guest.order.source == Order.Source.DESK:
        save_posted_language(request, guest.order)
    return redirect("desk-guest", event, reference)


@never_cache
@require_safe_or_post
def guest_substitute(request: "HttpRequest", event: str, reference: str) -> HttpResponse:
    """Give the place to another person, whose badge is printed next."""
    guest = get_guest_to_serve(event, reference, request.user)
    is_post = request.method == "POST"
    describe = _choose_description(guest)
    form = DeskSubstitutionForm(get_posted_data(request), registration=guest)
    if is_post and form.is_valid():
        try:
            substituted = substitute_as_organizer(
                registration=guest,
                new_attendee=form.to_place(),
                company=form.cleaned_data.get("company"),
            )
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        except AlreadyRegistered as error:
            form.add_error("email", str(error))
        except NotOpenNow as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, describe(guest, substituted))
            return redirect("desk-guest", event, reference)
    context = {
        "section": "desk",
        "event": guest.event,
        "registration": guest,
        "form": form,
        "guest": load_guests(guest.event, [guest.pk])[0],
        "takes_payments": can_take_payments(request.user, guest.event),
    }
    return render(request, "desk/substitute.html", context)


@require_POST
def order_vouch(request: "HttpRequest", event: str, reference: str) -> HttpResponse:
    """Confirm the order of a buyer who is present but has not opened the mailed link."""
    guest = get_guest_to_serve(event, reference, request.user)
    try:
        vouch_for_order(order=guest.order)
    except ConventionError as error:
        messages.error(request, str(error))
        return redirect("desk-guest", event, reference)
    messages.success(request, _("Order %(reference)s is confirmed.") % {"reference": guest.order.reference})
    return redirect("desk-guest", event, reference)
