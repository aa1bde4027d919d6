"""Administrators' pages of the club: companies with their dated history, memberships, seats, contacts."""

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from convention.audit.record import record
from convention.downloads import download
from convention.errors import InvalidFields, NotFound
from convention.text import tidy

from .change_employer import change_employer
from .contacts import appoint_by_address, dismiss_contact
from .doors import administrator
from .facts import standings
from .forms import (
    AddressForm,
    CompanyForm,
    EmployerForm,
    LeaveForm,
    MembershipForm,
    RenewForm,
    SubscribeForm,
)
from .keep import keep_company
from .leave import leave
from .lists import LISTS
from .models import Company, CompanyContact, Employment, Membership, Person, Seat
from .renew import renew
from .seats import give_seat, take_seat
from .subscribe import confirm, revise, submit, subscribe

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

PAGE = 60
read_or_write = require_http_methods(["GET", "HEAD", "POST"])


def page(request: "HttpRequest", template: str, **context: Any) -> "HttpResponse":
    """A page of the club."""
    return render(request, f"organize/club/{template}", {"section": "organize", **context})


@require_http_methods(["GET", "HEAD"])
def companies(request: "HttpRequest") -> "HttpResponse":
    """All companies by name, searched, with what each is today."""
    administrator(request.user)
    words = tidy(request.GET.get("q", "")[:200])
    found = Company.objects.filter(Q(name__icontains=words) | Q(siren=words) | Q(city__icontains=words))
    shown = Paginator(found, PAGE).get_page(request.GET.get("page"))
    return page(request, "companies.html", shown=shown, rows=standings(shown), words=words)


@read_or_write
def new_company(request: "HttpRequest") -> "HttpResponse":
    """Add one."""
    administrator(request.user)
    return _edit(request, Company())


@read_or_write
def edit_company(request: "HttpRequest", company: str) -> "HttpResponse":
    """Change what is written about one."""
    administrator(request.user)
    return _edit(request, get_object_or_404(Company, slug=company))


def _edit(request: "HttpRequest", one: Company) -> "HttpResponse":
    title = one.name
    form = CompanyForm(request.POST or None, instance=one)
    if request.method == "POST" and form.is_valid():
        try:
            kept = keep_company(company=form.instance, changed=form.changed_data)
        except InvalidFields as error:
            form.add_errors(error.fields)
        else:
            messages.success(request, _("The company is saved."))
            return redirect("club-company", kept.slug)
    return page(request, "company_form.html", form=form, title=title, slug=one.slug if title else "")


@read_or_write
def company(request: "HttpRequest", company: str) -> "HttpResponse":
    """One company with its dated history; a POST appoints a contact."""
    administrator(request.user)
    found = get_object_or_404(Company.objects.select_related("parent"), slug=company)
    form = AddressForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            contact = appoint_by_address(company=found, **form.cleaned_data)
        except InvalidFields as error:
            form.add_errors(error.fields)
        else:
            messages.success(request, _("%(name)s registers colleagues now.") % {"name": contact.person})
            return redirect("club-company", company)
    [standing] = standings([found])
    held = Seat.objects.counting().filter(membership__company=found).values("person")
    jobs = (
        Employment.objects.filter(company=found).select_related("person").order_by("person__last_name", "pk")
    )
    today = timezone.localdate()
    context = {
        "company": found,
        "standing": standing,
        "form": form,
        "today": today,
        "memberships": found.memberships.all(),
        "roles": found.roles.order_by("-starts_on"),
        "contacts": found.contacts.select_related("person").order_by("-starts_on", "pk"),
        "seats": Seat.objects.filter(membership__company=found)
        .select_related("person")
        .order_by("-starts_on", "pk"),
        "without_seat": jobs.open().exclude(person__in=held),
    }
    return page(request, "company.html", **context)


@require_POST
def end_contact(request: "HttpRequest", company: str, contact: int) -> "HttpResponse":
    """End what a contact may do, at once."""
    administrator(request.user)
    rows = CompanyContact.objects.select_related("person").filter(company__slug=company)
    found = get_object_or_404(rows, pk=contact)
    dismiss_contact(contact=found)
    messages.success(request, _("%(name)s registers nobody any more.") % {"name": found.person})
    return redirect("club-company", company)


@read_or_write
def new_membership(request: "HttpRequest", company: str) -> "HttpResponse":
    """Draft a membership under a plan."""
    administrator(request.user)
    found = get_object_or_404(Company, slug=company)
    form = SubscribeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            one = subscribe(company=found, **form.cleaned_data)
        except InvalidFields as error:
            form.add_errors(error.fields)
        else:
            messages.success(request, _("The membership is drafted. Confirm it once it is agreed."))
            return redirect("club-membership", company, one.pk)
    return page(request, "membership_new.html", company=found, form=form)


def _membership(slug: str, pk: int) -> Membership:
    rows = Membership.objects.select_related("company", "plan").filter(company__slug=slug)
    return get_object_or_404(rows, pk=pk)


@read_or_write
def membership(request: "HttpRequest", company: str, membership: int) -> "HttpResponse":
    """One membership: what was agreed, and what can be done. A POST changes it."""
    administrator(request.user)
    one = _membership(company, membership)
    form = MembershipForm(request.POST or None, instance=one)
    if request.method == "POST" and form.is_valid():
        try:
            revise(membership=form.instance, changed=form.changed_data)
        except InvalidFields as error:
            form.add_errors(error.fields)
        else:
            messages.success(request, _("The membership is saved."))
            return redirect("club-membership", company, membership)
    return _membership_page(request, company, membership, form=form)


def _membership_page(request: "HttpRequest", slug: str, pk: int, **forms: Any) -> "HttpResponse":
    one = _membership(slug, pk)
    context = {
        "company": one.company,
        "one": one,
        "form": MembershipForm(instance=one),
        "renewal": RenewForm(initial={"plan": one.plan}, prefix="renew"),
        "leaving": LeaveForm(prefix="leave"),
        **forms,
    }
    return page(request, "membership.html", **context)


@require_POST
def confirm_membership(request: "HttpRequest", company: str, membership: int) -> "HttpResponse":
    """Note that the company asks for it, or that the club confirms it."""
    administrator(request.user)
    one = _membership(company, membership)
    if "submit" in request.POST:
        submit(membership=one)
        messages.success(request, _("The membership awaits its confirmation."))
    else:
        confirm(membership=one)
        messages.success(request, _("The membership is confirmed."))
    return redirect("club-membership", company, membership)


@require_POST
def leave_membership(request: "HttpRequest", company: str, membership: int) -> "HttpResponse":
    """End it early."""
    administrator(request.user)
    form = LeaveForm(request.POST, prefix="leave")
    if form.is_valid():
        try:
            leave(membership=_membership(company, membership), **form.cleaned_data)
        except InvalidFields as error:
            form.add_errors(error.fields)
        else:
            messages.success(request, _("The end of the membership is noted."))
            return redirect("club-membership", company, membership)
    return _membership_page(request, company, membership, leaving=form)


@require_POST
def renew_membership(request: "HttpRequest", company: str, membership: int) -> "HttpResponse":
    """Draft the one that follows; everybody keeps their seat."""
    administrator(request.user)
    form = RenewForm(request.POST, prefix="renew")
    if form.is_valid():
        try:
            new = renew(membership=_membership(company, membership), **form.cleaned_data)
        except InvalidFields as error:
            form.add_errors(error.fields)
        else:
            messages.success(request, _("The next membership is drafted. Confirm it once it is agreed."))
            return redirect("club-membership", company, new.pk)
    return _membership_page(request, company, membership, renewal=form)


@require_POST
def give(request: "HttpRequest", company: str, job: int) -> "HttpResponse":
    """Give somebody of the company a seat from today."""
    administrator(request.user)
    works = get_object_or_404(
        Employment.objects.filter(company__slug=company).select_related("person", "company"), pk=job
    )
    [standing] = standings([works.company])
    if standing.membership is None:
        raise NotFound(_("The company has no membership: there are no seats to give."))
    give_seat(membership=standing.membership, person=works.person)
    messages.success(request, _("%(name)s holds a seat now.") % {"name": works.person})
    return redirect("club-company", company)


@require_POST
def take(request: "HttpRequest", company: str, seat: int) -> "HttpResponse":
    """Take a seat at once."""
    administrator(request.user)
    rows = Seat.objects.filter(membership__company__slug=company).select_related("person", "membership")
    held = get_object_or_404(rows, pk=seat)
    take_seat(seat=held)
    messages.success(request, _("The seat of %(name)s ends.") % {"name": held.person})
    return redirect("club-company", company)


@read_or_write
def employer(request: "HttpRequest", member: int) -> "HttpResponse":
    """Somebody changes employer: seat and employment end, the next begins."""
    administrator(request.user)
    person = get_object_or_404(Person, pk=member)
    form = EmployerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            job = change_employer(person=person, **form.cleaned_data)
        except InvalidFields as error:
            form.add_errors(error.fields)
        else:
            messages.success(request, _("The change is noted. What was booked stays."))
            return redirect("club-company", job.company.slug) if job else redirect("club-companies")
    jobs = person.employments.select_related("company").order_by("-starts_on")
    return page(request, "employer.html", person=person, jobs=jobs, form=form)


@require_GET
def export(request: "HttpRequest", name: str, kind: str) -> "HttpResponse":
    """Companies, memberships or seats as a file, whole."""
    administrator(request.user)
    record(f"{name}.export", name, fields=[kind])
    return download(LISTS[name](), name=name, kind=kind)
