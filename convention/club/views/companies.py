"""Administrators' pages of the club: companies with their dated history, roles, contacts and mergers."""

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from convention.audit.record import record
from convention.downloads import download
from convention.errors import InvalidFields
from convention.text import tidy

from ..absorb_company import absorb_company, rehearse_absorption
from ..company_facts import companies_found, facts_of
from ..contacts import appoint_by_address, dismiss_contact
from ..doors import administrator
from ..facts import standings
from ..forms import AddressForm, CompanyForm
from ..forms_people import AbsorbForm, RoleForm
from ..keep import keep_company
from ..lists import LISTS
from ..models import Company, CompanyContact, CompanyRole
from ..roles import end_role, give_role
from .frame import ROWS, page, read_or_write

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

FILTERS = {"role": list(CompanyRole.Role.values)}


@require_http_methods(["GET", "HEAD"])
def companies(request: "HttpRequest") -> "HttpResponse":
    """All companies by name, searched, with what each is today."""
    administrator(request.user)
    words = tidy(request.GET.get("q", "")[:200])
    chosen = {name: _known(request.GET.get(name, ""), values) for name, values in FILTERS.items()}
    found = companies_found(words, **chosen)
    shown = Paginator(found, ROWS).get_page(request.GET.get("page"))
    context = {"shown": shown, "rows": standings(shown), "words": words, "roles": CompanyRole.Role.choices}
    return page(request, "companies.html", **context, **chosen)


def _known(said: str, values: list[str]) -> str:
    return said if said in values else ""


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
            markets = form.cleaned_data["markets"]
            kept = keep_company(company=form.instance, changed=form.changed_data, markets=markets)
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
    found = _company(company)
    form = AddressForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            contact = appoint_by_address(company=found, **form.cleaned_data)
        except InvalidFields as error:
            form.add_errors(error.fields)
        else:
            messages.success(request, _("%(name)s registers colleagues now.") % {"name": contact.person})
            return redirect("club-company", company)
    return _company_page(request, found, form=form)


def _company(slug: str) -> Company:
    return get_object_or_404(Company.objects.select_related("parent"), slug=slug)


def _company_page(request: "HttpRequest", found: Company, **forms: Any) -> "HttpResponse":
    shown = {"form": AddressForm(), "role_form": RoleForm(prefix="role"), **forms}
    return page(request, "company.html", **facts_of(found), **shown)


@require_POST
def end_contact(request: "HttpRequest", company: str, contact: int) -> "HttpResponse":
    """End what a contact may do, at once."""
    administrator(request.user)
    rows = CompanyContact.objects.select_related("person").filter(company__slug=company)
    found = get_object_or_404(rows, pk=contact)
    dismiss_contact(contact=found)
    messages.success(request, _("%(name)s registers nobody any more.") % {"name": found.person})
    return redirect("club-company", company)


@require_POST
def add_role(request: "HttpRequest", company: str) -> "HttpResponse":
    """Note what the company is to the club, for a time."""
    administrator(request.user)
    found = _company(company)
    form = RoleForm(request.POST, prefix="role")
    if form.is_valid():
        try:
            give_role(company=found, **form.cleaned_data)
        except InvalidFields as error:
            form.add_errors(error.fields)
        else:
            messages.success(request, _("The role is noted."))
            return redirect("club-company", company)
    return _company_page(request, found, role_form=form)


@require_POST
def stop_role(request: "HttpRequest", company: str, role_id: int) -> "HttpResponse":
    """End a role of the company, at once."""
    administrator(request.user)
    role = get_object_or_404(CompanyRole.objects.filter(company__slug=company), pk=role_id)
    end_role(role=role)
    messages.success(request, _("The role ends."))
    return redirect("club-company", company)


@read_or_write
def absorb(request: "HttpRequest", company: str) -> "HttpResponse":
    """The company merges into another: said first what that does, then done."""
    administrator(request.user)
    found = _company(company)
    form = AbsorbForm(request.POST or None, company=found)
    context: dict[str, Any] = {"company": found, "form": form}
    if request.method == "POST" and form.is_valid():
        try:
            if "confirm" in request.POST:
                done = absorb_company(company=found, **form.cleaned_data)
                messages.success(request, str(done))
                return redirect("club-company", form.cleaned_data["into"].slug)
            context["rehearsal"] = rehearse_absorption(company=found, **form.cleaned_data)
        except InvalidFields as error:
            form.add_errors(error.fields)
    return page(request, "absorb.html", **context)


@require_GET
def export(request: "HttpRequest", name: str, kind: str) -> "HttpResponse":
    """Companies, memberships or seats as a file, whole."""
    administrator(request.user)
    record(f"{name}.export", name, fields=[kind])
    return download(LISTS[name](), name=name, kind=kind)
