"""Pages of companies: roles, contacts and mergers."""

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from convention.audit.record import record_action
from convention.club.appointments.contacts import appoint_contact_by_email, dismiss_contact
from convention.club.appointments.forms import AppointByEmailForm
from convention.club.companies import (
    delete_company,
    end_company_role,
    find_similar_companies,
    give_company_role,
    list_company_uses,
    load_company_page,
    save_company,
)
from convention.club.downloads import CLUB_LISTS
from convention.club.forms.companies import CompanyForm, CompanyMergeForm, CompanyRoleForm
from convention.club.merge_companies import merge_company, preview_company_merge
from convention.club.models import Company, CompanyContact, CompanyRole
from convention.club.people import find_contact_people
from convention.club.permissions import (
    can_manage_directory,
    list_assignable_company_roles,
    require_administrator,
    require_directory_manager,
    require_directory_reader,
)
from convention.errors import InvalidFields, NotOpenNow
from convention.tables.downloads import table_response
from convention.text.countries import get_foreign_country_name
from convention.web.routing import require_safe_or_post

from .base import EndQuestion, render_club_page, render_end_question

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@require_safe_or_post
def company_create(request: "HttpRequest") -> "HttpResponse":
    require_directory_reader(request.user)
    return _edit_company(request, Company())


@require_safe_or_post
def company_edit(request: "HttpRequest", company: str) -> "HttpResponse":
    require_directory_reader(request.user)
    return _edit_company(request, get_object_or_404(Company, slug=company))


def _edit_company(request: "HttpRequest", company: Company) -> "HttpResponse":
    # Read before the form changes the instance: the heading shows the stored name.
    title, slug, siren = company.name, company.slug, company.siren
    form = CompanyForm(request.POST or None, instance=company)
    similar: list[Company] = []
    if request.method == "POST" and form.is_valid():
        has_new_identity = (company.name, company.siren) != (title, siren)
        if has_new_identity and not form.cleaned_data["is_other_company"]:
            similar = find_similar_companies(company)
        if not similar and (saved := _save_company_form(form)):
            messages.success(request, _("The company has been saved."))
            return redirect("club-company", saved.slug)
    return render_club_page(request, "company_form.html", form=form, title=title, slug=slug, similar=similar)


def _save_company_form(form: CompanyForm) -> Company | None:
    """Save the form's company; return None with the errors in the form if the action refuses it."""
    try:
        return save_company(
            company=form.instance,
            changed_fields=form.changed_columns,
            markets=form.cleaned_data["markets"],
        )
    except InvalidFields as error:
        form.add_errors(error.field_errors)
        return None


@require_safe_or_post
def company_detail(request: "HttpRequest", company: str) -> "HttpResponse":
    """Show one company with its history; a POST appoints a contact."""
    require_directory_reader(request.user)
    if request.method == "POST":
        require_directory_manager(request.user)
    company_row = _get_company(company)
    form = AppointByEmailForm(request.POST or None, actor=request.user, company=company_row)
    if request.method == "POST" and form.is_valid():
        try:
            contact = appoint_contact_by_email(company=company_row, **form.cleaned_data)
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        else:
            messages.success(request, _("%(name)s can now register colleagues.") % {"name": contact.person})
            return redirect("club-company", company)
    return _render_company(request, company_row, form=form)


def _get_company(slug: str) -> Company:
    return get_object_or_404(Company.objects.select_related("parent"), slug=slug)


def _render_company(request: "HttpRequest", company: Company, **forms: Any) -> "HttpResponse":
    assignable_roles = list_assignable_company_roles(request.user)
    # Prefixes, since the page has two forms with the same field names.
    context = {
        "form": AppointByEmailForm(actor=request.user, company=company),
        "role_form": CompanyRoleForm(prefix="role", roles=assignable_roles),
        "assignable_roles": assignable_roles,
        "foreign_country": get_foreign_country_name(company.country),
        # Nothing is added to a company that is part of another one.
        "can_change": can_manage_directory(request.user) and not company.is_merged,
        **forms,
    }
    return render_club_page(request, "company.html", **load_company_page(company), **context)


@require_safe_or_post
def contact_end(request: "HttpRequest", company: str, contact: int) -> "HttpResponse":
    """Ask before a contact's role ends; a POST ends it."""
    require_directory_manager(request.user)
    rows = CompanyContact.objects.select_related("person", "company").filter(company__slug=company)
    contact_row = get_object_or_404(rows, pk=contact)
    if request.method != "POST":
        return _ask_before_contact_ends(request, contact_row)
    dismiss_contact(contact=contact_row)
    messages.success(request, _("%(name)s can no longer register colleagues.") % {"name": contact_row.person})
    return redirect("club-company", company)


def _ask_before_contact_ends(request: "HttpRequest", contact: CompanyContact) -> "HttpResponse":
    names = {"name": contact.person, "company": contact.company}
    effects = [
        _(
            "%(name)s loses access to “My company” for %(company)s at once: colleagues’ places, orders and "
            "seats. Their own places and seat stay."
        )
    ]
    if not find_contact_people(contact.company).exclude(pk=contact.person_id).exists():
        effects.append(
            _("%(company)s has no other contact. Appoint one first, so that someone manages its places.")
        )
    question = EndQuestion(
        title=_("End the role"),
        heading=_("End the role of %(name)s as a contact?") % names,
        effects=[effect % names for effect in effects],
        back_label=str(contact.company),
        back_path=reverse("club-company", args=[contact.company.slug]),
    )
    return render_end_question(request, question)


@require_POST
def company_role_add(request: "HttpRequest", company: str) -> "HttpResponse":
    require_directory_reader(request.user)
    company_row = _get_company(company)
    roles = list_assignable_company_roles(request.user)
    form = CompanyRoleForm(request.POST, prefix="role", roles=roles)
    if form.is_valid():
        try:
            give_company_role(company=company_row, **form.cleaned_data)
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        else:
            messages.success(request, _("The role has been saved."))
            return redirect("club-company", company)
    return _render_company(request, company_row, role_form=form)


@require_safe_or_post
def company_role_end(request: "HttpRequest", company: str, role_id: int) -> "HttpResponse":
    """Ask before a company's role ends; a POST ends it."""
    require_directory_reader(request.user)
    rows = CompanyRole.objects.select_related("company").filter(company__slug=company)
    role = get_object_or_404(rows, pk=role_id)
    if role.role not in list_assignable_company_roles(request.user):
        require_administrator(request.user)
    if request.method != "POST":
        return _ask_before_role_ends(request, role)
    end_company_role(role=role)
    messages.success(request, _("The role has been ended."))
    return redirect("club-company", company)


def _ask_before_role_ends(request: "HttpRequest", role: CompanyRole) -> "HttpResponse":
    names = {"name": role.company, "role": role.get_role_display()}
    effects = {
        CompanyRole.Role.VENDOR: _("%(name)s can no longer host new visits. Existing visits stay."),
        CompanyRole.Role.ORGANIZER: _("The people of %(name)s lose access to the events that it runs."),
    }
    question = EndQuestion(
        title=_("End the role"),
        heading=_("End the role of %(name)s (%(role)s)?") % names,
        effects=[
            text % names
            for text in (
                _("The role ends at once. The history keeps its days."),
                effects.get(CompanyRole.Role(role.role), ""),
            )
            if text
        ],
        back_label=str(role.company),
        back_path=reverse("club-company", args=[role.company.slug]),
    )
    return render_end_question(request, question)


@require_safe_or_post
def company_merge(request: "HttpRequest", company: str) -> "HttpResponse":
    """Preview a merger; a POST with `confirm` executes it."""
    actor = require_directory_manager(request.user)
    company_row = _get_company(company)
    form = CompanyMergeForm(request.POST or None, company=company_row)
    context: dict[str, Any] = {"company": company_row, "form": form}
    if request.method == "POST" and form.is_valid():
        try:
            # The form is sent twice: without `confirm` it shows the preview.
            if "confirm" in request.POST:
                result = merge_company(company=company_row, actor=actor, **form.cleaned_data)
                messages.success(request, f"{_('The merger has been saved.')} {result}")
                return redirect("club-company", form.cleaned_data["into"].slug)
            context["preview"] = preview_company_merge(company=company_row, actor=actor, **form.cleaned_data)
        except InvalidFields as error:
            form.add_errors(error.field_errors)
    return render_club_page(request, "company_merge.html", **context)


@require_safe_or_post
def company_delete(request: "HttpRequest", company: str) -> "HttpResponse":
    """Ask before a company is deleted, or say what refers to it; a POST deletes it."""
    actor = require_directory_manager(request.user)
    company_row = _get_company(company)
    if request.method == "POST":
        try:
            delete_company(company=company_row, actor=actor)
        except NotOpenNow as error:
            # The page below says what refers to it.
            messages.error(request, str(error))
        else:
            messages.success(request, _("%(name)s has been deleted.") % {"name": company_row})
            return redirect("club-companies")
    uses = list_company_uses(company_row, actor=actor)
    return render_club_page(request, "company_delete.html", company=company_row, uses=uses)


@require_GET
def club_list_export(request: "HttpRequest", name: str, kind: str) -> "HttpResponse":
    """Download one list of the club."""
    require_directory_manager(request.user)
    record_action(f"{name}.export", name, fields=[kind])
    return table_response(CLUB_LISTS[name](), name=name, kind=kind)
