"""Give, move and end seats, from the page of the company or of the person."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from convention import hooks
from convention.club.memberships import load_membership_statuses
from convention.club.models import Company, Employment, Person, Seat
from convention.club.permissions import require_directory_manager
from convention.club.seats import SEAT_ERRORS, describe_new_seat, end_seat, give_seat_and_notify, move_seat
from convention.errors import NotOpenNow
from convention.text.dates import format_date
from convention.web.routing import require_safe_or_post

from .base import EndQuestion, render_club_page, render_end_question, warn_of_visits_to_decide

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


class SeatMoveForm(forms.Form):
    """The colleague without a seat who gets one of the company's seats."""

    person = forms.ModelChoiceField(
        Person.objects.none(), label=gettext_lazy("Colleague"), empty_label=gettext_lazy("Choose")
    )

    def __init__(self, *args: Any, company: Company, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["person"]
        assert isinstance(field, forms.ModelChoiceField)
        holders = Seat.objects.granting_membership().filter(membership__company=company).values("person")
        employees = Employment.objects.open().filter(company=company).exclude(person__in=holders)
        people = Person.objects.filter(is_active=True, pk__in=employees.values("person"))
        field.queryset = people.order_by("sort_name", "pk")


@require_POST
def seat_give(request: "HttpRequest", company: str, employment_id: int) -> "HttpResponse":
    """Give an employee a seat from today, or from the first day of the membership."""
    require_directory_manager(request.user)
    employment = get_object_or_404(
        Employment.objects.filter(company__slug=company).select_related("person", "company"), pk=employment_id
    )
    [status] = load_membership_statuses([employment.company])
    try:
        if status.membership is None:
            raise NotOpenNow(_("The company has no membership, so there are no seats to give."))
        seat = give_seat_and_notify(membership=status.membership, person=employment.person)
    except SEAT_ERRORS as error:
        messages.error(request, str(error))
    else:
        messages.success(request, describe_new_seat(seat))
    return _redirect_back(request, company, employment.person)


@require_safe_or_post
def seat_move(request: "HttpRequest", company: str, seat: int) -> "HttpResponse":
    """Ask to whom a seat goes; a POST gives it to them from today."""
    require_directory_manager(request.user)
    seat_row = _get_seat(company, seat)
    form = SeatMoveForm(request.POST or None, company=seat_row.membership.company)
    if request.method == "POST" and form.is_valid():
        person = form.cleaned_data["person"]
        try:
            move_seat(seat=seat_row, person=person)
        except SEAT_ERRORS as error:
            form.add_error(None, str(error))
        else:
            names = {"name": person, "former": seat_row.person}
            messages.success(request, _("%(name)s now has the seat of %(former)s.") % names)
            warn_of_visits_to_decide(request, seat_row.person)
            return redirect("club-company", company)
    return render_club_page(
        request, "seat_move.html", company=seat_row.membership.company, seat=seat_row, form=form
    )


@require_safe_or_post
def seat_end(request: "HttpRequest", company: str, seat: int) -> "HttpResponse":
    """Ask before a seat ends, with the bookings that stay; a POST ends it."""
    require_directory_manager(request.user)
    seat_row = _get_seat(company, seat)
    if request.method != "POST":
        return _ask_before_end(request, seat_row)
    end_seat(seat=seat_row)
    messages.success(request, _("%(name)s no longer has a seat.") % {"name": seat_row.person})
    warn_of_visits_to_decide(request, seat_row.person)
    return _redirect_back(request, company, seat_row.person)


def _ask_before_end(request: "HttpRequest", seat: Seat) -> "HttpResponse":
    names: dict[str, object] = {"name": seat.person, "company": seat.membership.company}
    from_person = request.GET.get("page") == "person"
    effects = [
        _("From today, %(name)s is no longer a member through %(company)s: no members’ prices, no visits."),
        _("Existing bookings are kept, at the price they were made for. Cancel those that are not wanted."),
    ]
    if seat.starts_on > timezone.localdate():
        effects[0] = _("The seat has not started yet. %(name)s will not get it.")
    later_seats = Seat.objects.filter(
        person=seat.person, membership__company=seat.membership.company, starts_on__gt=seat.starts_on
    )
    # The company's page has only one row for both.
    if later := later_seats.exclude(ends_on__lt=timezone.localdate()).order_by("starts_on").first():
        sentence = _("The seat that %(name)s has from %(day)s stays. End it separately if it is not wanted.")
        effects.append(sentence)
        names["day"] = format_date(later.starts_on)
    company = seat.membership.company
    question = EndQuestion(
        title=_("End the seat"),
        heading=_("End the seat of %(name)s?") % names,
        effects=[effect % names for effect in effects],
        back_label=str(seat.person if from_person else company),
        back_path=reverse("club-person", args=[seat.person_id])
        if from_person
        else reverse("club-company", args=[company.slug]),
        tab="people" if from_person else "companies",
    )
    providers = hooks.person_participations.providers()
    rows = [row for provider in providers for row in provider(seat.person, request.user)]
    places = sorted(
        (row for row in rows if row.event.ends_at >= timezone.now()), key=lambda row: row.event.starts_at
    )
    return render_end_question(request, question, places=places, page="person" if from_person else "")


def _get_seat(slug: str, pk: int) -> Seat:
    rows = Seat.objects.filter(membership__company__slug=slug)
    return get_object_or_404(rows.select_related("person", "membership__company"), pk=pk)


def _redirect_back(request: "HttpRequest", company: str, person: Person) -> "HttpResponse":
    """Return to the page with the button: the person's, which says so, or the company's."""
    if request.POST.get("page") == "person":
        return redirect("club-person", person.pk)
    return redirect("club-company", company)
