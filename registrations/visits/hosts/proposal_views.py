"""Pages on which a host's contact proposes further visits and follows them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from convention.errors import ConventionError, NotFound
from convention.web.routing import require_safe_or_post
from registrations.visits.models import HostContact
from registrations.visits.planning.forms import ProposalForm, build_own_site_form
from registrations.visits.planning.host_proposals import (
    create_host_proposal,
    list_host_companies,
    list_host_proposals,
    withdraw_host_proposal,
)
from registrations.visits.planning.interest import InterestCount, count_interest

from .permissions import get_signed_in_contact
from .views import host_page

MAX_PROPOSALS_SHOWN = 50


@host_page
@require_safe_or_post
def host_proposal_list(request: HttpRequest) -> HttpResponse:
    """List the contact's proposals with the interest in them; a POST creates another."""
    contact = get_signed_in_contact(request.session)
    form = build_own_site_form(request.POST or None, list_host_companies(contact))
    if request.method == "POST" and form.is_valid() and _create_proposal(contact, form):
        messages.success(request, _("Thank you. Members can now say that they are interested."))
        return redirect("host-proposals")
    proposals = list(list_host_proposals(contact)[:MAX_PROPOSALS_SHOWN])
    interest = count_interest(proposals)
    rows = [(proposal, interest.get(proposal.pk, InterestCount())) for proposal in proposals]
    return render(request, "host/proposals.html", {"contact": contact, "rows": rows, "form": form})


def _create_proposal(contact: HostContact, form: ProposalForm) -> bool:
    values = {name: form.cleaned_data[name] for name in ("title", "motivation", "host")}
    try:
        create_host_proposal(contact=contact, **values)
    except ConventionError as error:
        form.add_error(None, str(error))
    return form.is_valid()


@host_page
@require_POST
def host_proposal_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    contact = get_signed_in_contact(request.session)
    proposal = list_host_proposals(contact).filter(pk=pk).first()
    if proposal is None:
        raise NotFound(_("We could not find this proposal."))
    try:
        withdraw_host_proposal(contact=contact, proposal=proposal)
    except ConventionError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Your proposal has been withdrawn."))
    return redirect("host-proposals")
