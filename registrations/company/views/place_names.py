"""The page on which a contact names all places of an order that have no name yet."""

from collections.abc import Iterable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache

from convention.club.models import Company
from convention.club.permissions import get_company_of_contact, require_signed_in
from convention.errors import InvalidFields, NotOpenNow
from convention.text.email_addresses import is_same_email
from convention.web.forms import get_posted_data
from convention.web.routing import require_safe_or_post
from registrations.booking.order_limits import AlreadyRegistered
from registrations.changes.cancel import ACTIVE_STATES
from registrations.changes.correct import check_transfer_deadline
from registrations.company.assign_place import AssignmentQuestion, assign_place
from registrations.company.forms import PlaceNameForm
from registrations.company.permissions import list_company_orders
from registrations.models import GivenBy, Order, Registration
from registrations.rate_limits import throttle_correction

from .desk import render_page


def select_unnamed_places(order: Order, registrations: Iterable[Registration]) -> list[Registration]:
    """Return the active ones of the order's registrations that have no name, while one can be given."""
    if timezone.now() > order.event.substitution_deadline or order.event.cancelled_at:
        return []
    return [row for row in registrations if not row.has_name and row.state in ACTIVE_STATES]


@never_cache
@require_safe_or_post
def place_names(request: HttpRequest, company: str, reference: str) -> HttpResponse:
    """Show the places without a name in one form; a POST names those that are filled in."""
    company_obj = get_company_of_contact(company, request.user)
    order = get_object_or_404(list_company_orders(company_obj).select_related("event"), reference=reference)
    check_transfer_deadline(order.event)
    data = get_posted_data(request)
    rows = order.registrations.select_related("event", "ticket", "order").order_by("pk")
    places = select_unnamed_places(order, rows.prefetch_related("addons__addon"))
    forms = [PlaceNameForm(data, registration=place) for place in places]
    if data is not None:
        throttle_correction(order)
        is_buyer = is_same_email(order.email, require_signed_in(request.user).email)
        given_by = GivenBy.BUYER if is_buyer else GivenBy.CONTACT
        named = [form for form in forms if _name_place(company_obj, form, given_by)]
        if named:
            sentence = ngettext(
                "%(count)d name has been saved.", "%(count)d names have been saved.", len(named)
            )
            messages.success(request, sentence % {"count": len(named)})
        forms = [form for form in forms if form not in named]
        if not any(form.errors for form in forms):
            # Redirected, so that reloading the page names no place again; rows that were left empty stay.
            return redirect("company-order", company, reference)
    context = {
        "order": order,
        "forms": list(enumerate(forms, start=1)),
        "rows_with_errors": [(number, form) for number, form in enumerate(forms, start=1) if form.errors],
    }
    return render_page(request, "company/place_names.html", company_obj, **context)


def _name_place(company: Company, form: PlaceNameForm, given_by: GivenBy) -> bool:
    """Name the form's place and return True; False for an empty row, or with the errors on the form."""
    if not form.is_valid() or not form.has_changed():
        return False
    try:
        outcome = assign_place(
            company=company,
            registration=form.registration,
            new_attendee=form.to_place(),
            given_by=given_by,
        )
    except InvalidFields as error:
        form.add_errors(error.field_errors)
    except (AlreadyRegistered, NotOpenNow) as error:
        form.add_error(None, str(error))
    else:
        if isinstance(outcome, Registration):
            return True
        form.add_error(None, _describe_question(outcome))
    return False


def _describe_question(question: AssignmentQuestion) -> str:
    """Return why the place is not named yet, and where the contact can do so all the same."""
    if question.second_place:
        reason = _("%(name)s already has a place.") % {"name": question.second_place.name}
    else:
        reason = question.price_hint
    advice = _("To use this place all the same, enter the name on the place’s own page.")
    return f"{reason} {advice}"
