"""Pages to correct, end and remove a person's employment."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from convention.club.change_employer import load_person_roles
from convention.club.employments import (
    EmploymentRemoved,
    end_employment,
    list_dependents_to_end,
    list_dependents_to_remove,
    remove_employment,
    update_employment,
)
from convention.club.forms.people import EmploymentEndForm, EmploymentUpdateForm
from convention.club.models import Employment
from convention.club.people import refuse_erased_person
from convention.club.permissions import require_directory_reader
from convention.errors import InvalidFields
from convention.web.routing import require_safe_or_post

from .base import render_club_page, warn_of_roles_to_replace, warn_of_visits_to_decide

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


def _get_employment(request: "HttpRequest", person_id: int, employment_id: int) -> Employment:
    require_directory_reader(request.user)
    rows = Employment.objects.select_related("person", "company").filter(person=person_id)
    employment: Employment = get_object_or_404(rows, pk=employment_id)
    refuse_erased_person(employment.person)
    return employment


def _redirect_to_person(request: "HttpRequest", person_id: int, error: EmploymentRemoved) -> "HttpResponse":
    messages.error(request, str(error))
    return redirect("club-person", person_id)


@require_safe_or_post
def employment_edit(request: "HttpRequest", person_id: int, employment_id: int) -> "HttpResponse":
    """Change title, level and first day of an employment."""
    employment = _get_employment(request, person_id, employment_id)
    form = EmploymentUpdateForm(request.POST or None, instance=employment)
    if request.method == "POST" and form.is_valid():
        try:
            update_employment(employment=form.instance, **form.cleaned_data)
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        except EmploymentRemoved as error:
            return _redirect_to_person(request, person_id, error)
        else:
            messages.success(request, _("The employment has been saved."))
            return redirect("club-person", person_id)
    return render_club_page(request, "employment_form.html", employment=employment, form=form)


@require_safe_or_post
def employment_end(request: "HttpRequest", person_id: int, employment_id: int) -> "HttpResponse":
    """Show what ends with an employment; a POST sets its last day."""
    employment = _get_employment(request, person_id, employment_id)
    form = EmploymentEndForm(request.POST or None, employment=employment)
    if request.method == "POST" and form.is_valid():
        former_roles = load_person_roles(employment.person)
        try:
            end_employment(employment=employment, **form.cleaned_data)
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        except EmploymentRemoved as error:
            return _redirect_to_person(request, person_id, error)
        else:
            messages.success(request, _("The end of the job has been saved."))
            warn_of_roles_to_replace(request, employment.person, former_roles=former_roles)
            warn_of_visits_to_decide(request, employment.person)
            return redirect("club-person", person_id)
    context = {"employment": employment, "dependents": list_dependents_to_end(employment)}
    return render_club_page(request, "employment_end.html", form=form, **context)


@require_safe_or_post
def employment_remove(request: "HttpRequest", person_id: int, employment_id: int) -> "HttpResponse":
    """Show what is deleted with an employment that was added by mistake; a POST deletes it."""
    employment = _get_employment(request, person_id, employment_id)
    if request.method == "POST":
        company, former_roles = employment.company, load_person_roles(employment.person)
        try:
            remove_employment(employment=employment)
        except EmploymentRemoved as error:
            return _redirect_to_person(request, person_id, error)
        messages.success(request, _("The job at %(company)s has been removed.") % {"company": company})
        warn_of_roles_to_replace(request, employment.person, former_roles=former_roles)
        warn_of_visits_to_decide(request, employment.person)
        return redirect("club-person", person_id)
    dependents = list_dependents_to_remove(employment)
    return render_club_page(request, "employment_remove.html", employment=employment, dependents=dependents)
