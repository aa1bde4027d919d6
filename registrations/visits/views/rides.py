"""Pages of the rides: the organizer plans them, the visitor chooses, and takes the calendar file along."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from convention.downloads import CALENDAR, attachment
from convention.errors import ConventionError, InvalidFields, SoldOut

from ..choose_rides import choose_rides
from ..day_doors import own_application, ride_to_plan, visitor_to_seat
from ..doors import visit_to_run
from ..forms.rides import LegForm, RidesForm, SeatForm
from ..models import Application, Leg
from ..ride_calendar import ride_calendar, rides_of
from ..rides import remove_ride, save_ride
from ..seat_visitor import seat_visitor
from ..seating import visitors_to_seat, ways_of

ROWS = 100


@require_GET
def rides(request: HttpRequest, event: str) -> HttpResponse:
    """All rides of a visit, with how many seats are taken."""
    visit = visit_to_run(event, request.user)
    legs = list(visit.legs.with_riders())
    shown = Paginator(visitors_to_seat(visit), ROWS).get_page(request.GET.get("page"))
    context = {
        "event": visit.event, "visit": visit, "section": "organize", "legs": legs,
        "shown": shown, "ways": Leg.Direction.labels,
        "people": [(one, ways_of(one)) for one in shown] if legs else [],
    }  # fmt: skip
    return render(request, "visits/organize_rides.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
def seat(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Seat one visitor in a ride, move them to another one, or take them out, with a reason."""
    application = visitor_to_seat(event, pk, request.user)
    visit = application.visit
    taken = {leg.pk for leg in rides_of(application)}
    form = SeatForm(request.POST or None, visit=visit, legs=visit.legs.with_riders(), taken=taken)
    if request.method == "POST" and form.is_valid() and _seat(request, form, application):
        return redirect("organize-visit-rides", event)
    context = {"event": visit.event, "section": "organize", "application": application, "form": form}
    return render(request, "visits/organize_seat.html", context)


def _seat(request: HttpRequest, form: SeatForm, application: Application) -> bool:
    """Do it and say so; or show why not."""
    said = {"name": application.registration}
    try:
        changed = seat_visitor(application=application, rides=form.rides, reason=form.cleaned_data["reason"])
    except InvalidFields as error:
        form.add_errors(error.fields)
    except ConventionError as error:
        form.add_error(None, str(error))
    else:
        told = _("The rides of %(name)s are changed; an e-mail says so.")
        messages.success(request, (told if changed else _("The rides of %(name)s stay as they were.")) % said)
    return form.is_valid()


@require_http_methods(["GET", "POST"])
def new_ride(request: HttpRequest, event: str) -> HttpResponse:
    """Add one."""
    return _edit(request, Leg(visit=visit_to_run(event, request.user), direction=Leg.Direction.OUT))


@require_http_methods(["GET", "POST"])
def ride(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Change one."""
    return _edit(request, ride_to_plan(event, pk, request.user))


def _edit(request: HttpRequest, leg: Leg) -> HttpResponse:
    title, event = leg.meeting_point, leg.visit.event
    form = LegForm(request.POST or None, instance=leg)
    if request.method == "POST" and form.is_valid():
        try:
            save_ride(leg=form.save(commit=False), changed=form.changed_data)
        except InvalidFields as error:
            form.add_errors(error.fields)
        else:
            messages.success(request, _("The ride is saved."))
            return redirect("organize-visit-rides", event.slug)
    context = {"event": event, "section": "organize", "form": form, "leg": leg, "title": title}
    return render(request, "visits/organize_ride.html", context)


@require_POST
def remove(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Remove one that nobody takes."""
    remove_ride(leg=ride_to_plan(event, pk, request.user))
    messages.success(request, _("The ride is removed."))
    return redirect("organize-visit-rides", event)


@never_cache
@require_http_methods(["GET", "POST"])
def own_rides(request: HttpRequest, event: str) -> HttpResponse:
    """Where the coach leaves, and which one a visitor takes."""
    application = own_application(event, request.user)
    visit = application.visit
    legs = list(visit.legs.with_riders())
    taken = rides_of(application)
    ids = {leg.pk for leg in taken}
    form = RidesForm(request.POST or None, visit=visit, legs=legs, taken=ids)
    if request.method == "POST" and form.is_valid():
        try:
            choose_rides(application=application, rides=form.rides)
        except InvalidFields as error:
            form.add_errors(error.fields)
        except SoldOut as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Your rides are kept."))
            return redirect("visit-rides", event)
    context = {
        "event": visit.event, "visit": visit, "application": application, "legs": legs, "taken": taken,
        "form": form,
    }  # fmt: skip
    return render(request, "visits/rides.html", context)


@never_cache
@require_GET
def own_calendar(request: HttpRequest, event: str) -> HttpResponse:
    """The calendar file of someone's own rides."""
    application = own_application(event, request.user)
    return attachment(ride_calendar(application), name=f"{event}.ics", mimetype=CALENDAR)
