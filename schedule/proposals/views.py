"""Public pages: the call with its form, and a proposal's own page at a secret link."""

import uuid
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from convention.errors import ConventionError
from convention.events.models import Event
from convention.events.permissions import get_visible_event
from convention.web.client_network import get_client_network
from convention.web.routing import require_safe_or_post
from schedule.models import CallForProposals, SessionProposal
from schedule.permissions import get_proposal_by_link
from schedule.programme.personal_pages import get_event_path

from .calls import get_call
from .neutrality import get_rule_text
from .submission_forms import SubmissionForms, parse_form_key
from .submit import (
    ProposalAlreadyDecided,
    change_proposal,
    has_new_address,
    renew_proposal_link,
    submit_proposal,
    throttle_proposal_changes,
    throttle_submission,
    withdraw_proposal,
)

if TYPE_CHECKING:
    from django.http import HttpRequest


@never_cache
@require_safe_or_post
def call_page(request: "HttpRequest", event: str) -> HttpResponse:
    """Show the call with its form; a POST submits a proposal, or adds a row for a co-speaker."""
    call = get_call(get_visible_event(event, request.user))
    form_key = parse_form_key(request.POST.get("form_key", ""))
    if request.method != "POST":
        return render_call_page(request, call, form_key, SubmissionForms.load(call))
    if "add_speaker" in request.POST:
        return render_call_page(request, call, form_key, SubmissionForms.add_speaker(call, request.POST))
    forms = SubmissionForms.bind(call, request.POST)
    if forms.is_valid() and (proposal := submit_forms(request, call, forms, form_key)):
        sentence = _(
            "Thank you! Your proposal was submitted. The link to its page is on its way to %(email)s."
        )
        messages.success(request, sentence % {"email": forms.get_content().speakers[0].email})
        return redirect("own-session-proposal", proposal.link_token)
    return render_call_page(request, call, form_key, forms)


def submit_forms(
    request: "HttpRequest", call: CallForProposals, forms: SubmissionForms, form_key: uuid.UUID
) -> SessionProposal | None:
    """Submit valid forms; where the proposal is refused, show why at the fields and return None."""
    content = forms.get_content()
    try:
        throttle_submission(content.speakers[0].email, get_client_network(request.META))
        return submit_proposal(call=call, content=content, form_key=form_key)
    except ConventionError as error:
        # The form is shown again with its input, whatever the reason.
        forms.add_refusal(error)
        return None


def render_call_page(
    request: "HttpRequest", call: CallForProposals, form_key: uuid.UUID, forms: SubmissionForms
) -> HttpResponse:
    context = {
        **build_form_context(call, forms),
        "form_key": form_key,
        "event_path": get_event_path(call.event),
        # A proposal that comes too late is refused, and its text shown again.
        "has_form": call.is_open() or request.method == "POST",
    }
    return render(request, "schedule/call_for_proposals.html", context)


def build_form_context(call: CallForProposals, forms: SubmissionForms) -> dict[str, Any]:
    event: Event = call.event
    return {
        "event": event,
        "call": call,
        "forms": forms,
        "all_forms": [forms.session, *forms.speakers.forms],
        "rule_text": get_rule_text(call) if call.has_neutrality_rule else "",
    }


@require_safe_or_post
def own_proposal_page(request: "HttpRequest", token: str) -> HttpResponse:
    """Show a proposal to its speaker: its state and, until the call closes, its form."""
    proposal = get_proposal_by_link(token)
    call = proposal.call
    if request.method != "POST":
        return render_own_proposal(request, proposal, SubmissionForms.load(call, proposal))
    throttle_proposal_changes(proposal)
    action = request.POST.get("action", "")
    if action in {"withdraw", "renew"}:
        return run_proposal_action(request, proposal, action)
    # Validation changes the form's instance; the rest of the page shows the stored values.
    edited = get_proposal_by_link(token)
    if "add_speaker" in request.POST:
        return render_own_proposal(request, proposal, SubmissionForms.add_speaker(call, request.POST, edited))
    forms = SubmissionForms.bind(call, request.POST, edited)
    if forms.is_valid() and (changed := change_by_forms(request, proposal, forms)):
        messages.success(request, _("Your proposal has been saved."))
        return redirect("own-session-proposal", changed.link_token)
    return render_own_proposal(request, proposal, forms)


def run_proposal_action(request: "HttpRequest", proposal: SessionProposal, action: str) -> HttpResponse:
    """Withdraw the proposal or renew its link, and return to its page or to the call."""
    token = proposal.link_token
    try:
        if action == "withdraw":
            withdraw_proposal(proposal=proposal)
            messages.success(request, _("Your proposal has been withdrawn."))
        else:
            renew_proposal_link(proposal=proposal)
            messages.success(request, _("The former link no longer works. A new one is on its way to you."))
            return redirect("call-for-proposals", proposal.call.event.slug)
    except ProposalAlreadyDecided as error:
        messages.error(request, str(error))
    return redirect("own-session-proposal", token)


def change_by_forms(
    request: "HttpRequest", proposal: SessionProposal, forms: SubmissionForms
) -> SessionProposal | None:
    """Save valid forms; where that is refused, show why at the fields and return None."""
    content = forms.get_content()
    try:
        if has_new_address(proposal, content):
            throttle_submission(content.speakers[0].email, get_client_network(request.META))
        return change_proposal(proposal=proposal, content=content)
    except ConventionError as error:
        forms.add_refusal(error)
        return None


def render_own_proposal(
    request: "HttpRequest", proposal: SessionProposal, forms: SubmissionForms
) -> HttpResponse:
    context = {
        **build_form_context(proposal.call, forms),
        "proposal": proposal,
        "token": proposal.link_token,
        "is_event_public": proposal.call.event.visibility != Event.Visibility.DRAFT,
        # A refused change is shown again with its input, even if the proposal has been decided.
        "has_form": proposal.is_editable or request.method == "POST",
    }
    response = render(request, "schedule/own_proposal.html", context)
    # The address is a secret, and the page is personal.
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex"
    return response
