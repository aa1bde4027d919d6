"""The company's overview page and its seats."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from convention.club.models import Company, Employment, Membership, Seat
from convention.club.people import add_colleague_with_seat
from convention.club.permissions import (
    get_companies_of_contact,
    get_company_of_contact,
    is_member,
    require_signed_in,
)
from convention.club.seats import SEAT_ERRORS, describe_new_seat, end_seat, give_seat_and_notify
from convention.errors import Forbidden, InvalidFields, NotOpenNow, SignInRequired
from convention.events.models import Event
from convention.events.permissions import get_visible_event
from convention.text.normalize import parse_digits
from convention.web.routing import require_safe_or_post
from registrations.company.attention import list_attention_items
from registrations.company.forms import ColleagueForm, SeatDayForm
from registrations.company.open_payments import load_open_payments
from registrations.company.overview import (
    attach_member_places,
    find_membership,
    load_company_overview,
)
from registrations.rate_limits import throttle_colleague

from .bulk_order_draft import get_draft_person


def render_page(request: HttpRequest, template: str, company: Company, **context: Any) -> HttpResponse:
    """Render a page of one company."""
    return render(request, template, {"company": company, "section": "company", **context})


@never_cache
@require_GET
def company_list(request: HttpRequest) -> HttpResponse:
    """Redirect to the contact's company, or list several."""
    if not request.user.is_authenticated:
        raise SignInRequired(_("Sign in to see this page."))
    companies = list(get_companies_of_contact(request.user))
    if not companies:
        raise Forbidden(
            _("You are not a contact of any company. Ask the club to add you as your company’s contact.")
        )
    if len(companies) == 1:
        return redirect("company-home", companies[0].slug)
    return render(request, "company/companies.html", {"companies": companies, "section": "company"})


@never_cache
@require_GET
def company_home(request: HttpRequest, company: str) -> HttpResponse:
    """Show membership, seats, upcoming events and what needs attention."""
    company_obj = get_company_of_contact(company, request.user)
    overview, now = load_company_overview(company_obj), timezone.now()
    reader = require_signed_in(request.user)
    payments = load_open_payments(company_obj, reader=reader, at=now)
    return render_page(
        request,
        "company/home.html",
        company_obj,
        overview=overview,
        attention_items=list_attention_items(overview, payments, at=now),
        reader_is_member=is_member(reader),
    )


@never_cache
@require_safe_or_post
def seat_list(request: HttpRequest, company: str) -> HttpResponse:
    """Show seats and colleagues without one; a POST adds a colleague.

    `?event=` names the event whose list of colleagues lacks a seat, `&row=` the row that fills the form.
    """
    company_obj = get_company_of_contact(company, request.user)
    event = _find_list_event(request)
    form = ColleagueForm(request.POST or None, initial=_make_colleague_values(request, company_obj, event))
    if request.method == "POST" and form.is_valid():
        # Without a limit, this form would tell which addresses the club knows, and fill mailboxes.
        throttle_colleague(company_obj, form.cleaned_data["email"])
        try:
            person = add_colleague_with_seat(
                membership=_require_membership(company_obj),
                contact=require_signed_in(request.user),
                **form.cleaned_data,
            )
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        except SEAT_ERRORS as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("%(name)s now has a seat.") % {"name": person})
            if person != request.user:
                # For every colleague, so that it reveals nothing about one address.
                messages.info(
                    request,
                    _(
                        "If the club knows this address from elsewhere, your colleague first has to confirm "
                        "by e-mail that they work for you. Until then, they cannot use the seat."
                    ),
                )
            return _redirect_to_seats(company_obj, event)
    overview = load_company_overview(company_obj)
    attach_member_places(company_obj, [*overview.seats, *overview.upcoming_seats], at=timezone.now())
    return render_page(request, "company/seats.html", company_obj, overview=overview, form=form, event=event)


def _find_list_event(request: HttpRequest) -> Event | None:
    """Return the event to whose list of colleagues the contact goes back; None for none."""
    slug = request.GET.get("event", "")
    return get_visible_event(slug, request.user) if slug else None


def _make_colleague_values(request: HttpRequest, company: Company, event: Event | None) -> dict[str, str]:
    row_number = parse_digits(request.GET.get("row", ""))
    return get_draft_person(request.session, company, event, row_number=row_number) if event else {}


def _redirect_to_seats(company: Company, event: Event | None) -> HttpResponse:
    query = {"event": event.slug} if event else {}
    return redirect(reverse("company-seats", args=[company.slug], query=query))


def _require_membership(company: Company) -> Membership:
    """Return the current membership. Raise NotOpenNow where there is none."""
    membership = find_membership(company, at=timezone.localdate())
    if membership is None:
        raise NotOpenNow(_("The company has no membership, so there are no seats to give."))
    return membership


@require_POST
def seat_assignment(request: HttpRequest, company: str, employment_id: int) -> HttpResponse:
    """Give a colleague a seat, from today or a later day."""
    company_obj = get_company_of_contact(company, request.user)
    # Only open employments of this company, so that guessed ids give no seat to a stranger.
    employments = (
        Employment.objects.open().filter(company=company_obj, person__is_active=True).select_related("person")
    )
    employment = get_object_or_404(employments, pk=employment_id)
    days = SeatDayForm(request.POST)
    if days.is_valid():
        throttle_colleague(company_obj, employment.person.known_email)
        try:
            seat = give_seat_and_notify(
                membership=_require_membership(company_obj),
                person=employment.person,
                starts_on=days.cleaned_data["day"],
            )
        except SEAT_ERRORS as error:
            messages.error(request, str(error))
        else:
            messages.success(request, describe_new_seat(seat))
    else:
        messages.error(request, str(days.errors["day"][0]))
    return _redirect_to_seats(company_obj, _find_list_event(request))


@require_POST
def seat_removal(request: HttpRequest, company: str, seat: int) -> HttpResponse:
    """End a seat, at once or on a given day."""
    company_obj = get_company_of_contact(company, request.user)
    rows = Seat.objects.select_related("person", "membership").filter(membership__company=company_obj)
    held_seat = get_object_or_404(rows, pk=seat)
    days = SeatDayForm(request.POST)
    if days.is_valid():
        last_day = days.cleaned_data["day"]
        end_seat(seat=held_seat, last_day=last_day)
        if last_day:
            text = _("The end date of %(name)s’s seat has been saved.")
        else:
            text = _("%(name)s no longer has a seat.")
        messages.success(request, text % {"name": held_seat.person})
    else:
        messages.error(request, str(days.errors["day"][0]))
    return redirect("company-seats", company)
