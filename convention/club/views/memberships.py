"""Administrators' pages of the club: memberships from draft to renewal, and their seats."""

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from convention.errors import InvalidFields, NotFound

from ..doors import administrator
from ..facts import standings
from ..forms import LeaveForm, MembershipForm, RenewForm, SubscribeForm
from ..leave import leave
from ..models import Company, Employment, Membership, Seat
from ..renew import renew
from ..seats import give_seat, take_seat
from ..subscribe import confirm, revise, submit, subscribe
from .frame import page, read_or_write

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


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
