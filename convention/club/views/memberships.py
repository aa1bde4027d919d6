"""Pages of memberships, from draft to renewal."""

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from convention.club.change_employer import describe_roles_to_replace
from convention.club.forms.memberships import (
    MembershipCreateForm,
    MembershipEndForm,
    MembershipForm,
    MembershipRenewalForm,
)
from convention.club.memberships import (
    confirm_membership,
    create_membership,
    end_membership,
    find_usual_last_day,
    renew_membership,
    submit_membership,
    update_membership,
)
from convention.club.models import Company, Membership
from convention.club.permissions import require_directory_manager
from convention.club.renewals.prepare import RenewalDates
from convention.errors import InvalidFields
from convention.web.forms import set_empty_label
from convention.web.routing import require_safe_or_post

from .base import render_club_page

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse, QueryDict


@require_safe_or_post
def membership_create(request: "HttpRequest", company: str) -> "HttpResponse":
    """Draft a membership under a plan."""
    require_directory_manager(request.user)
    company_row = get_object_or_404(Company, slug=company)
    initial = {"ends_on": find_usual_last_day(at=timezone.localdate())}
    form = MembershipCreateForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            new_membership = create_membership(company=company_row, **form.cleaned_data)
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        else:
            messages.success(
                request, _("The membership has been created as a draft. Confirm it once it is agreed.")
            )
            return redirect("club-membership", company, new_membership.pk)
    return render_club_page(request, "membership_new.html", company=company_row, form=form)


def _get_membership(slug: str, pk: int) -> Membership:
    rows = Membership.objects.select_related("company", "plan").filter(company__slug=slug)
    return get_object_or_404(rows, pk=pk)


@require_safe_or_post
def membership_detail(request: "HttpRequest", company: str, membership: int) -> "HttpResponse":
    """Show one membership; a POST changes it."""
    require_directory_manager(request.user)
    membership_row = _get_membership(company, membership)
    form = MembershipForm(request.POST or None, instance=membership_row)
    if request.method == "POST" and form.is_valid():
        try:
            update_membership(membership=form.instance, changed_fields=form.changed_data)
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        else:
            messages.success(request, _("The membership has been saved."))
            return redirect("club-membership", company, membership)
    return _render_membership(request, company, membership, form=form)


def _render_membership(request: "HttpRequest", slug: str, pk: int, **forms: Any) -> "HttpResponse":
    # Read again: the form has changed the instance, and the page shows what is stored.
    membership = _get_membership(slug, pk)
    context = {
        "company": membership.company,
        "membership": membership,
        "roles_to_replace": describe_roles_to_replace([membership]),
        "form": MembershipForm(instance=membership),
        "renewal_form": _make_renewal_form(membership),
        "end_form": MembershipEndForm(prefix="leave"),
        **forms,
    }
    return render_club_page(request, "membership.html", **context)


def _make_renewal_form(membership: Membership, data: "QueryDict | None" = None) -> MembershipRenewalForm:
    initial: dict[str, Any] = {"plan": membership.plan}
    if membership.ends_on:
        _first_day, initial["ends_on"] = RenewalDates().propose_span(membership.span)
    form = MembershipRenewalForm(data, initial=initial, prefix="renew")
    if not membership.plan.is_offered:
        # Otherwise the browser would preselect the first of the other plans.
        set_empty_label(form, _("Choose a plan"), "plan")
    return form


@require_POST
def membership_confirm(request: "HttpRequest", company: str, membership: int) -> "HttpResponse":
    """Record that the company asks for it, or that the club confirms it."""
    require_directory_manager(request.user)
    membership_row = _get_membership(company, membership)
    if "submit" in request.POST:
        submit_membership(membership=membership_row)
        messages.success(request, _("The membership is waiting for confirmation."))
    else:
        confirm_membership(membership=membership_row)
        messages.success(request, _("The membership has been confirmed."))
    return redirect("club-membership", company, membership)


@require_POST
def membership_end(request: "HttpRequest", company: str, membership: int) -> "HttpResponse":
    """End a membership early."""
    require_directory_manager(request.user)
    form = MembershipEndForm(request.POST, prefix="leave")
    if form.is_valid():
        try:
            end_membership(membership=_get_membership(company, membership), **form.cleaned_data)
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        else:
            messages.success(request, _("The end of the membership has been saved."))
            return redirect("club-membership", company, membership)
    return _render_membership(request, company, membership, end_form=form)


@require_POST
def membership_renew(request: "HttpRequest", company: str, membership: int) -> "HttpResponse":
    """Draft the next membership; everybody keeps their seat."""
    require_directory_manager(request.user)
    membership_row = _get_membership(company, membership)
    form = _make_renewal_form(membership_row, request.POST)
    if form.is_valid():
        try:
            renewal = renew_membership(membership=membership_row, **form.cleaned_data)
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        else:
            messages.success(
                request, _("The next membership has been created as a draft. Confirm it once it is agreed.")
            )
            return redirect("club-membership", company, renewal.pk)
    return _render_membership(request, company, membership, renewal_form=form)
