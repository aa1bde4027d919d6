"""A host’s contact proposes further visits, and sees what becomes of them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from convention.errors import ConventionError, NotFound

from ..forms.planning import ProposalForm, own_site_form
from ..host_doors import signed_in_host
from ..host_proposals import firms_of, proposals_of, propose_as_host, take_back_as_host
from ..interest import Counted, counted
from ..models import HostContact
from .host import for_hosts

MOST = 50
"""So many of one address are shown."""


@for_hosts
@require_http_methods(["GET", "POST"])
def proposals(request: HttpRequest) -> HttpResponse:
    """What this address proposed, with the interest in it; a POST proposes another visit."""
    contact = signed_in_host(request.session)
    form = own_site_form(request.POST or None, firms_of(contact))
    if request.method == "POST" and form.is_valid() and _propose(contact, form):
        messages.success(request, _("Thank you. Members can say now that they would come."))
        return redirect("host-proposals")
    found = list(proposals_of(contact)[:MOST])
    interest = counted(found)
    rows = [(one, interest.get(one.pk, Counted())) for one in found]
    return render(request, "host/proposals.html", {"contact": contact, "rows": rows, "form": form})


def _propose(contact: HostContact, form: ProposalForm) -> bool:
    said = {name: form.cleaned_data[name] for name in ("title", "why", "host")}
    try:
        propose_as_host(contact=contact, **said)
    except ConventionError as error:
        form.add_error(None, str(error))
    return form.is_valid()


@for_hosts
@require_POST
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one’s own proposal back."""
    contact = signed_in_host(request.session)
    found = proposals_of(contact).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such proposal."))
    try:
        take_back_as_host(contact=contact, proposal=found)
    except ConventionError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Your proposal is taken back."))
    return redirect("host-proposals")
