"""Colleagues' places and the company's orders; a place is given to somebody else, or cancelled."""

from collections import defaultdict

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from convention.addresses import same
from convention.club.doors import company_of_contact, signed_in
from convention.errors import Closed, InvalidFields

from ...cancel import cancel
from ...forms.substitute import SubstituteForm
from ...limits import refuse_many_corrections
from ...models import Registration
from ...one_place import AlreadyRegistered
from ...refund_words import foreseen
from ...substitute import substitute
from ..doors import orders_of, place_to_change, places_of
from ..facts import facts_of
from ..invite import invite
from ..models import Invitation
from .frame import page

PAGE = 50


@never_cache
@require_GET
def registrations(request: HttpRequest, company: str) -> HttpResponse:
    """Every place at the events ahead, by event, and what the holder still has to do."""
    found = company_of_contact(company, request.user)
    facts = facts_of(found)
    rows = places_of(found).filter(event__in=[ahead.event for ahead in facts.ahead])
    ours = set(orders_of(found).values_list("pk", flat=True))
    by_event = defaultdict[int, list[Registration]](list)
    for row in rows.select_related("ticket", "order").order_by("sort_name", "pk"):
        by_event[row.event_id].append(row)
    _attach_invitations([row for rows in by_event.values() for row in rows])
    events = [(ahead, by_event[ahead.event.pk]) for ahead in facts.ahead]
    return page(request, "company/registrations.html", found, events=events, ours=ours)


def _attach_invitations(rows: list[Registration]) -> None:
    """Give each place the invitation of its holder, if they were asked."""
    asked = Invitation.objects.filter(registration__in=[row.pk for row in rows])
    by_holder = {(one.registration_id, one.holder): one for one in asked}
    for row in rows:
        row.invitation = by_holder.get((row.pk, row.generation))  # type: ignore[attr-defined]  # for the template


@never_cache
@require_http_methods(["GET", "POST"])
def place(request: HttpRequest, company: str, reference: str) -> HttpResponse:
    """One place: who has it, and who takes it. A POST gives it to somebody else."""
    found = company_of_contact(company, request.user)
    one = place_to_change(found, reference)
    form = SubstituteForm(request.POST) if request.method == "POST" else SubstituteForm.of(one)
    if request.method == "POST" and form.is_valid():
        refuse_many_corrections(one.order)
        try:
            new = substitute(registration=one, by=form.place())
        except InvalidFields as error:
            form.add_errors(error.fields)
        except (AlreadyRegistered, Closed) as error:
            form.add_error(None, str(error))
        else:
            invite(registration=new)
            messages.success(request, _("%(name)s has the place now.") % {"name": new.name})
            return redirect("company-place", company, reference)
    asked = one.invitations.filter(holder=one.generation).first()
    context = {"one": one, "form": form, "asked": asked, "can_change": _can_change(one)}
    context["corrects"] = same(one.order.email, signed_in(request.user).email)
    return page(request, "company/place.html", found, **context)


def _can_change(one: Registration) -> bool:
    """Whether it may still be given to somebody else."""
    return (
        one.state in (one.State.CONFIRMED, one.State.PENDING)
        and timezone.now() <= one.event.last_substitution
    )


@require_POST
def invite_again(request: HttpRequest, company: str, reference: str) -> HttpResponse:
    """Send the holder their link again."""
    one = place_to_change(company_of_contact(company, request.user), reference)
    refuse_many_corrections(one.order)
    if invite(registration=one):
        messages.success(request, _("The e-mail to %(email)s is on its way.") % {"email": one.email})
    else:
        messages.error(request, _("There is no address of the holder to write to."))
    return redirect("company-place", company, reference)


@never_cache
@require_http_methods(["GET", "POST"])
def cancel_place(request: HttpRequest, company: str, reference: str) -> HttpResponse:
    """Say what cancelling means, then do it."""
    found = company_of_contact(company, request.user)
    one = place_to_change(found, reference)
    if request.method == "POST":
        cancel(registration=one)
        messages.success(request, _("The registration of %(name)s is cancelled.") % {"name": one.name})
        return redirect("company-registrations", company)
    return page(request, "company/cancel.html", found, one=one, said=foreseen(one))


@never_cache
@require_GET
def orders(request: HttpRequest, company: str) -> HttpResponse:
    """What the company ordered, newest first, and what is due."""
    found = company_of_contact(company, request.user)
    rows = orders_of(found).select_related("event", "for_company__placed_by")
    rows = rows.prefetch_related("registrations__addons", "sponsorships")
    shown = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    return page(request, "company/orders.html", found, shown=shown)
