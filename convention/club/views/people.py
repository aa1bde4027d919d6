"""Administrators' pages of the club: people, one person's history, and a change of employer."""

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from convention.errors import InvalidFields
from convention.paging import KeyedPaginator, OneReadingPaginator
from convention.text import tidy

from ..change_employer import change_employer
from ..doors import administrator
from ..employ import employ, retitle
from ..forms_people import JobForm, LeavingForm, PersonForm, TitleForm
from ..keep_person import keep_person
from ..models import Company, Employment, Person
from ..people_facts import SEATS, facts_of, people_found, with_today
from .frame import ROWS, page, read_or_write

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@require_http_methods(["GET", "HEAD"])
def people(request: "HttpRequest") -> "HttpResponse":
    """People by name, searched, of one company or all, with where they work and whether they hold a seat."""
    administrator(request.user)
    words = tidy(request.GET.get("q", "")[:200])
    seat = request.GET.get("seat", "")
    company = Company.objects.filter(slug=tidy(request.GET.get("company", "")[:80])).first()
    found = people_found(words, company=company.slug if company else "", seat=seat)
    pages = OneReadingPaginator if words or company or seat in SEATS else KeyedPaginator
    shown = pages(found, ROWS, shown=with_today(Person.objects.all()))
    context = {"words": words, "seat": seat if seat in SEATS else "", "company": company}
    return page(request, "people.html", shown=shown.get_page(request.GET.get("page")), **context)


@read_or_write
def person(request: "HttpRequest", member: int) -> "HttpResponse":
    """One person with their dated history; a POST corrects the name."""
    administrator(request.user)
    found = get_object_or_404(Person, pk=member)
    form = PersonForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        keep_person(person=form.instance, changed=form.changed_data)
        messages.success(request, _("The person is saved."))
        return redirect("club-person", member)
    return _person_page(request, member, form=form)


def _person_page(request: "HttpRequest", member: int, **forms: Any) -> "HttpResponse":
    found = get_object_or_404(Person, pk=member)
    shown = {"form": PersonForm(instance=found), "job_form": JobForm(prefix="job"), **forms}
    return page(request, "person.html", **facts_of(found), **shown)


@require_POST
def add_job(request: "HttpRequest", member: int) -> "HttpResponse":
    """Note another employment, past ones too."""
    administrator(request.user)
    found = get_object_or_404(Person, pk=member)
    form = JobForm(request.POST, prefix="job")
    if form.is_valid():
        try:
            employ(person=found, **form.cleaned_data)
        except InvalidFields as error:
            form.add_errors(error.fields)
        else:
            messages.success(request, _("The employment is noted."))
            return redirect("club-person", member)
    return _person_page(request, member, job_form=form)


@read_or_write
def job(request: "HttpRequest", member: int, job: int) -> "HttpResponse":
    """Function and level of one employment."""
    administrator(request.user)
    rows = Employment.objects.select_related("person", "company").filter(person=member)
    found = get_object_or_404(rows, pk=job)
    form = TitleForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        retitle(job=form.instance, **form.cleaned_data)
        messages.success(request, _("The employment is saved."))
        return redirect("club-person", member)
    return page(request, "job.html", job=found, form=form)


@read_or_write
def employer(request: "HttpRequest", member: int) -> "HttpResponse":
    """Somebody changes employer: seat and employment end, the next begins, others take over."""
    administrator(request.user)
    found = get_object_or_404(Person, pk=member)
    form = LeavingForm(request.POST or None, person=found)
    if request.method == "POST" and form.is_valid():
        try:
            change_employer(person=found, **form.change())
        except InvalidFields as error:
            form.add_errors(error.fields)
        else:
            messages.success(request, _("The change is noted. What was booked stays."))
            return redirect("club-person", member)
    return page(request, "employer.html", **facts_of(found), form=form)
