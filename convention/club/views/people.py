"""Pages of people, their employments, and changes of employer."""

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from convention.club.change_employer import change_employer
from convention.club.forms import (
    EmployerChangeForm,
    EmploymentForm,
    EmploymentTitleForm,
    NewPersonForm,
    PersonNameForm,
)
from convention.club.models import Company, Employment, Person
from convention.club.people import (
    SEAT_FILTERS,
    add_employment,
    create_person,
    find_namesakes,
    load_person_page,
    prefetch_current_positions,
    save_person,
    search_people,
    update_employment_title,
)
from convention.club.permissions import require_administrator
from convention.errors import InvalidFields
from convention.text.normalize import normalize_whitespace
from convention.web.pagination import KeyedPaginator, SinglePassPaginator

from .base import ROWS_PER_PAGE, read_or_write, render_club_page

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@require_http_methods(["GET", "HEAD"])
def person_list(request: "HttpRequest") -> "HttpResponse":
    """List people by name, searched, with their current employments and seats."""
    require_administrator(request.user)
    words = normalize_whitespace(request.GET.get("q", "")[:200])
    seat = request.GET.get("seat", "")
    company = Company.objects.filter(slug=normalize_whitespace(request.GET.get("company", "")[:80])).first()
    people = search_people(words, company=company.slug if company else "", seat=seat)
    # A filtered list has no index to count by: one pass finds the page and the count.
    pages = SinglePassPaginator if words or company or seat in SEAT_FILTERS else KeyedPaginator
    paginator = pages(people, ROWS_PER_PAGE, page_rows=prefetch_current_positions(Person.objects.all()))
    context = {"words": words, "seat": seat if seat in SEAT_FILTERS else "", "company": company}
    return render_club_page(
        request, "people.html", shown=paginator.get_page(request.GET.get("page")), **context
    )


@read_or_write
def person_create(request: "HttpRequest") -> "HttpResponse":
    """Add a person by hand; namesakes are shown first, so that nobody is added twice."""
    require_administrator(request.user)
    form = NewPersonForm(request.POST or None)
    namesakes: list[Person] = []
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        if not values.pop("is_other_person"):
            namesakes = find_namesakes(first_name=values["first_name"], last_name=values["last_name"])
        try:
            person = None if namesakes else create_person(**values)
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        else:
            if person:
                messages.success(request, _("Person added. Next: add their employer."))
                return redirect("club-person", person.pk)
    return render_club_page(request, "person_new.html", form=form, namesakes=namesakes)


@read_or_write
def person_detail(request: "HttpRequest", person_id: int) -> "HttpResponse":
    """Show one person with their history; a POST changes the name."""
    require_administrator(request.user)
    person = get_object_or_404(Person, pk=person_id)
    form = PersonNameForm(request.POST or None, instance=person)
    if request.method == "POST" and form.is_valid():
        save_person(person=form.instance, changed_fields=form.changed_data)
        messages.success(request, _("The person is saved."))
        return redirect("club-person", person_id)
    return _render_person(request, person_id, form=form)


def _render_person(request: "HttpRequest", person_id: int, **forms: Any) -> "HttpResponse":
    person = get_object_or_404(Person, pk=person_id)
    context = {"form": PersonNameForm(instance=person), "job_form": EmploymentForm(prefix="job"), **forms}
    return render_club_page(request, "person.html", **load_person_page(person), **context)


@require_POST
def employment_add(request: "HttpRequest", person_id: int) -> "HttpResponse":
    """Add an employment, past or current."""
    require_administrator(request.user)
    person = get_object_or_404(Person, pk=person_id)
    form = EmploymentForm(request.POST, prefix="job")
    if form.is_valid():
        try:
            add_employment(person=person, **form.cleaned_data)
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        else:
            messages.success(request, _("The employment has been added."))
            return redirect("club-person", person_id)
    return _render_person(request, person_id, job_form=form)


@read_or_write
def employment_edit(request: "HttpRequest", person_id: int, employment_id: int) -> "HttpResponse":
    """Change title and level of an employment."""
    require_administrator(request.user)
    rows = Employment.objects.select_related("person", "company").filter(person=person_id)
    employment = get_object_or_404(rows, pk=employment_id)
    form = EmploymentTitleForm(request.POST or None, instance=employment)
    if request.method == "POST" and form.is_valid():
        update_employment_title(employment=form.instance, **form.cleaned_data)
        messages.success(request, _("The employment is saved."))
        return redirect("club-person", person_id)
    return render_club_page(request, "employment_form.html", employment=employment, form=form)


@read_or_write
def employer_change(request: "HttpRequest", person_id: int) -> "HttpResponse":
    """Change the person's employer and name the successors."""
    require_administrator(request.user)
    person = get_object_or_404(Person, pk=person_id)
    form = EmployerChangeForm(request.POST or None, person=person)
    if request.method == "POST" and form.is_valid():
        try:
            change_employer(person=person, **form.get_arguments())
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        else:
            messages.success(request, _("The change is saved. Bookings stay."))
            return redirect("club-person", person_id)
    return render_club_page(request, "employer_change.html", **load_person_page(person), form=form)
