"""The page on which a contact names all places of an order that have no name yet."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache

from convention.club.addresses.own_addresses import has_address
from convention.club.permissions import get_company_of_contact, require_signed_in
from convention.web.forms import get_posted_data
from convention.web.routing import require_safe_or_post
from registrations.changes.correct import check_transfer_deadline
from registrations.changes.substitute import select_unnamed_places
from registrations.company.assign_place import AssignmentQuestion, assign_place
from registrations.company.permissions import list_company_orders
from registrations.models import GivenBy, Registration
from registrations.order_request import RequestedPlace
from registrations.orders.name_views import (
    build_name_forms,
    describe_name_rows,
    describe_own_page,
    describe_second_place,
    save_place_names,
)
from registrations.rate_limits import throttle_correction

from .desk import render_page


@never_cache
@require_safe_or_post
def place_names(request: HttpRequest, company: str, reference: str) -> HttpResponse:
    """Show the places without a name in one form; a POST names those that are filled in."""
    company_obj = get_company_of_contact(company, request.user)
    order = get_object_or_404(list_company_orders(company_obj).select_related("event"), reference=reference)
    check_transfer_deadline(order.event)
    data = get_posted_data(request)
    rows = order.registrations.select_related("event", "ticket", "order").order_by("pk")
    registrations = list(rows.prefetch_related("addons__addon"))
    forms = build_name_forms(data, select_unnamed_places(order, registrations), registrations)
    if data is not None:
        throttle_correction(order)
        is_buyer = has_address(require_signed_in(request.user), order.email)
        given_by = GivenBy.BUYER if is_buyer else GivenBy.CONTACT

        def name_place(place: Registration, attendee: RequestedPlace) -> str:
            outcome = assign_place(
                company=company_obj, registration=place, new_attendee=attendee, given_by=given_by
            )
            return "" if isinstance(outcome, Registration) else _describe_question(outcome)

        forms = save_place_names(request, forms, name_place)
        if not any(form.errors for form in forms):
            # Redirected, so that reloading the page names no place again; rows that were left empty stay.
            return redirect("company-order", company, reference)
    rows_context = describe_name_rows(
        forms, lambda place: reverse("company-place", args=[company, place.reference])
    )
    return render_page(request, "company/place_names.html", company_obj, order=order, **rows_context)


def _describe_question(question: AssignmentQuestion) -> str:
    """Return why the place is not named yet, and where the contact can do so all the same."""
    if question.second_place:
        return describe_second_place(question.second_place.name)
    return f"{question.price_hint} {describe_own_page()}"
