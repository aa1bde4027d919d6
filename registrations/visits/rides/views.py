"""Pages of rides: planning for organizers, choosing for visitors, and the calendar file."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from convention.errors import ConventionError, InvalidFields, SoldOut
from convention.tables.downloads import CALENDAR_TYPE, attachment_response
from convention.web.routing import require_safe_or_post
from registrations.visits.models import Application, Ride
from registrations.visits.permissions import (
    get_managed_ride,
    get_managed_visit,
    get_own_application,
    get_visitor_to_seat,
)

from .calendar import build_ride_calendar, list_rides
from .edit_rides import remove_ride, save_ride
from .forms import RideAssignmentForm, RideChoiceForm, RideForm, VisitorRidesForm
from .seating import (
    choose_rides,
    filter_choosable_rides,
    list_rides_by_direction,
    list_visitors_to_seat,
    seat_visitor,
    seat_visitors,
)

VISITORS_PER_PAGE = 100


@never_cache
@require_safe_or_post
def ride_list(request: HttpRequest, event: str) -> HttpResponse:
    """List the rides and each visitor's; a POST assigns the selected visitors to a ride."""
    visit = get_managed_visit(event, request.user)
    rides = list(visit.rides.with_passenger_count())
    form = RideAssignmentForm(
        request.POST or None,
        visit=visit,
        rides=filter_choosable_rides(rides, [], at=timezone.now()) if not visit.cancelled_at else [],
    )
    if request.method == "POST" and form.is_valid() and _assign_visitors(request, form, rides):
        return redirect(request.get_full_path())
    page = Paginator(list_visitors_to_seat(visit), VISITORS_PER_PAGE).get_page(request.GET.get("page"))
    people = [(application, list_rides_by_direction(application)) for application in page] if rides else []
    context = {
        "event": visit.event,
        "visit": visit,
        "section": "organize",
        "rides": rides,
        "form": form,
        "selected_ids": _list_selected_ids(request, people),
        "page_obj": page,
        "directions": Ride.Direction.labels,
        "people": people,
    }
    return render(request, "visits/organize_rides.html", context)


def _list_selected_ids(
    request: HttpRequest, people: list[tuple[Application, list[tuple[str, Ride | None]]]]
) -> list[str]:
    """Return the ids of the visitors to tick: those posted, else all, or those without a ride one way."""
    if request.method == "POST":
        return request.POST.getlist("visitors")
    choice = request.GET.get("select", "")
    if choice == "page":
        return [str(application.pk) for application, _rides in people]
    label = dict(Ride.Direction.choices).get(choice)
    return [str(application.pk) for application, rides in people if (label, None) in rides]


def _assign_visitors(request: HttpRequest, form: RideAssignmentForm, rides: list[Ride]) -> bool:
    """Assign the visitors and report it; return False with errors on the form if that fails."""
    [ride] = [ride for ride in rides if str(ride.pk) == form.cleaned_data["ride"]]
    visitor_ids = [application.pk for application in form.cleaned_data["visitors"]]
    try:
        result = seat_visitors(ride=ride, application_ids=visitor_ids, reason=form.cleaned_data["reason"])
    except ConventionError as error:
        form.add_error(None, str(error))
        return False
    if count := len(result.changed):
        sentence = ngettext(
            "%(count)d person has been assigned to the ride from “%(place)s” and will receive an e-mail.",
            "%(count)d people have been assigned to the ride from “%(place)s” and will receive an e-mail.",
            count,
        )
        messages.success(request, sentence % {"count": count, "place": ride.meeting_point})
    if count := len(result.unchanged):
        sentence = ngettext(
            "%(count)d person was already on this ride.", "%(count)d people were already on this ride.", count
        )
        messages.info(request, sentence % {"count": count})
    if result.refusals:
        names = ", ".join(f"{name} ({why})" for name, why in result.refusals)
        messages.warning(request, _("Not assigned: %(names)s") % {"names": names})
    return True


@never_cache
@require_safe_or_post
def visitor_rides_edit(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Change the rides of one visitor."""
    application = get_visitor_to_seat(event, pk, request.user)
    visit = application.visit
    current_rides = list_rides(application)
    form = VisitorRidesForm(
        request.POST or None,
        visit=visit,
        rides=filter_choosable_rides(visit.rides.with_passenger_count(), current_rides, at=timezone.now()),
        chosen_ride_ids={ride.pk for ride in current_rides},
    )
    if request.method == "POST" and form.is_valid() and _save_visitor_rides(request, form, application):
        return redirect("organize-visit-rides", event)
    context = {"event": visit.event, "section": "organize", "application": application, "form": form}
    return render(request, "visits/organize_seat.html", context)


def _save_visitor_rides(request: HttpRequest, form: VisitorRidesForm, application: Application) -> bool:
    """Save the choice and confirm it; return False with errors on the form if that fails."""
    assert application.registration
    names = {"name": application.registration.name}
    try:
        changed = seat_visitor(
            application=application, ride_ids=form.chosen_ride_ids, reason=form.cleaned_data["reason"]
        )
    except InvalidFields as error:
        form.add_errors(error.field_errors)
    except ConventionError as error:
        form.add_error(None, str(error))
    else:
        confirmation = _("%(name)s’s rides have been changed; the visitor will receive an e-mail.")
        messages.success(
            request, (confirmation if changed else _("%(name)s’s rides have not changed.")) % names
        )
    return form.is_valid()


@require_safe_or_post
def ride_create(request: HttpRequest, event: str) -> HttpResponse:
    return _edit_ride(
        request, Ride(visit=get_managed_visit(event, request.user), direction=Ride.Direction.OUT)
    )


@require_safe_or_post
def ride_edit(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    return _edit_ride(request, get_managed_ride(event, pk, request.user))


def _edit_ride(request: HttpRequest, ride: Ride) -> HttpResponse:
    # Read before validation, which writes the posted meeting point into the instance.
    title, event = ride.meeting_point, ride.visit.event
    form = RideForm(request.POST or None, instance=ride)
    if request.method == "POST" and form.is_valid():
        try:
            save_ride(ride=form.save(commit=False), changed=form.changed_data)
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        else:
            messages.success(request, _("The ride has been saved."))
            return redirect("organize-visit-rides", event.slug)
    context = {"event": event, "section": "organize", "form": form, "ride": ride, "title": title}
    return render(request, "visits/organize_ride.html", context)


@require_POST
def ride_remove(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    remove_ride(ride=get_managed_ride(event, pk, request.user))
    messages.success(request, _("The ride has been removed."))
    return redirect("organize-visit-rides", event)


@never_cache
@require_safe_or_post
def own_ride_choice(request: HttpRequest, event: str) -> HttpResponse:
    """Show the visitor's rides and let them choose others."""
    application = get_own_application(event, request.user)
    visit = application.visit
    rides = list(visit.rides.with_passenger_count())
    current_rides = list_rides(application)
    current_ids = {ride.pk for ride in current_rides}
    offered_rides = filter_choosable_rides(rides, current_rides, at=timezone.now())
    form = RideChoiceForm(request.POST or None, visit=visit, rides=offered_rides, chosen_ride_ids=current_ids)
    if request.method == "POST" and form.is_valid():
        try:
            choose_rides(application=application, ride_ids=form.chosen_ride_ids)
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        except SoldOut as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Your rides have been saved."))
            return redirect("visit-rides", event)
    context = {
        "event": visit.event,
        "visit": visit,
        "application": application,
        "is_over": visit.event.is_over(),
        "rides": rides,
        "chosen_rides": current_rides,
        "form": form,
    }
    return render(request, "visits/rides.html", context)


@never_cache
@require_GET
def own_ride_calendar(request: HttpRequest, event: str) -> HttpResponse:
    application = get_own_application(event, request.user)
    return attachment_response(build_ride_calendar(application), name=f"{event}.ics", mimetype=CALENDAR_TYPE)
