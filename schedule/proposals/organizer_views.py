"""Organizers' pages of a call: its settings, the list of proposals, each proposal, and decisions."""

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from convention.club.permissions import require_signed_in
from convention.errors import ConventionError, InvalidFields
from convention.events.permissions import can_create_events, get_event_to_organize, get_reviewers
from convention.text.normalize import parse_digits
from convention.web.forms import get_posted_data
from convention.web.routing import require_safe_or_post
from schedule.editing.views import get_author, render_organizer_page
from schedule.models import CallForProposals, SessionProposal
from schedule.programme.agenda_filter import clean_query_value

from .calls import find_call, get_call, save_call
from .decisions import EFFECTS, Decision, DecisionPlan, decide_proposals, plan_decisions
from .forms import (
    CallForm,
    CriterionFormSet,
    ProposalMailTextsForm,
    SalesTalkForm,
    SessionFormatFormSet,
    list_filter_choices,
)
from .mail_texts import (
    PLACEHOLDERS,
    build_mail,
    check_mail_texts,
    get_mail_text,
    list_mail_text_fields,
    preview_mail_text,
)
from .overview import ProposalFilter, count_states, load_proposal_row, load_proposal_rows, query_proposals
from .proposal_mails import list_recipients
from .reviews import resolve_sales_talk

if TYPE_CHECKING:
    from django.http import HttpRequest

PAGE_SIZE = 100
MAX_PREVIEWS = 4
FILTER_NAMES = ("q", "track", "format", "state", "kind", "score", "order")


@require_safe
def proposal_list(request: "HttpRequest", event: str) -> HttpResponse:
    """List the proposals with their scores; without a call, offer to create one."""
    event_obj = get_event_to_organize(event, request.user)
    call = find_call(event_obj)
    if call is None:
        return render_organizer_page(request, "session_proposals", event_obj, call=None)
    values = {name: clean_query_value(request.GET.get(name, "")) for name in FILTER_NAMES}
    proposal_filter = ProposalFilter(**values)
    rows = load_proposal_rows(call, reader=get_author(request))
    page = Paginator(proposal_filter.apply(rows), PAGE_SIZE).get_page(request.GET.get("page"))
    filters = [(name, label, choices, values[name]) for name, label, choices in list_filter_choices(call)]
    context: dict[str, Any] = {
        "call": call,
        "page_obj": page,
        "total": len(rows),
        "states": count_states(rows),
        "filters": filters,
        "proposal_filter": proposal_filter,
        "decisions": Decision.choices,
    }
    return render_organizer_page(request, "session_proposals", event_obj, **context)


# Inputs of the type datetime-local have no zone: the form reads and shows times in the event's zone.
@require_safe_or_post
def call_edit(request: "HttpRequest", event: str) -> HttpResponse:
    """Create the event's call, or change it with its formats and criteria."""
    event_obj = get_event_to_organize(event, request.user)
    call = find_call(event_obj) or CallForProposals(event=event_obj)
    with timezone.override(event_obj.zone):
        data = get_posted_data(request)
        form = CallForm(data, instance=call, event=event_obj)
        formats = SessionFormatFormSet(data, instance=call, prefix="formats")
        criteria = CriterionFormSet(data, instance=call, prefix="criteria")
        for rows, subject in ((formats, _("Format %(number)s")), (criteria, _("Criterion %(number)s"))):
            for number, row_form in enumerate(rows.forms, 1):
                row_form.error_subject = subject % {"number": number}
        parts: list[Any] = [form, formats, criteria]
        if request.method == "POST" and all([part.is_valid() for part in parts]):  # noqa: C419 (all errors at once)
            try:
                save_call_forms(form, formats, criteria)
            except ConventionError as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, _("The call has been saved."))
                return redirect("organize-session-proposals", event_obj.slug)
        context = {
            "call": find_call(event_obj),
            "form": form,
            "formats": formats,
            "criteria": criteria,
            "all_forms": [form, *formats.forms, *criteria.forms],
            "reviewers": get_reviewers(event_obj),
            # Otherwise organizers could look up names in the directory by appointing addresses as reviewers.
            "shows_names": can_create_events(request.user),
        }
        return render_organizer_page(request, "call", event_obj, **context)


def save_call_forms(form: CallForm, formats: Any, criteria: Any) -> None:
    """Save a valid call with its tracks, formats and criteria. Raise CallInUse."""

    def save_parts(call: CallForProposals) -> None:
        form.save_m2m()
        for rows in (formats, criteria):
            rows.instance = call
            rows.save()

    names = [*(form.changed_data), *(["formats"] if formats.has_changed() else [])]
    names += ["criteria"] if criteria.has_changed() else []
    save_call(call=form.save(commit=False), changed_fields=names, save_parts=save_parts)


@require_safe_or_post
def call_mails(request: "HttpRequest", event: str) -> HttpResponse:
    """Change the texts of the mails about proposals."""
    event_obj = get_event_to_organize(event, request.user)
    call = get_call(event_obj)
    form = ProposalMailTextsForm(get_posted_data(request), initial=load_mail_texts(call))
    if form.is_valid():
        try:
            check_mail_texts(form.cleaned_data)
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        else:
            call.mail_texts = form.get_texts()
            save_call(call=call, changed_fields=["mail_texts"], save_parts=lambda _call: None)
            messages.success(request, _("The e-mails have been saved."))
            return redirect("organize-session-proposals", event_obj.slug)
    return render_organizer_page(
        request, "call_mails", event_obj, call=call, form=form, placeholders=PLACEHOLDERS.items()
    )


def load_mail_texts(call: CallForProposals) -> dict[str, str]:
    """Return the current texts by the names of the form."""
    names = [name.split("_") for name in list_mail_text_fields()]
    return {"_".join([kind, part, code]): get_mail_text(call, kind, part, code) for kind, part, code in names}


@require_safe_or_post
def proposal_detail(request: "HttpRequest", event: str, pk: int) -> HttpResponse:
    """Show a proposal with its reviews; a POST resolves the flag “sales talk”."""
    event_obj = get_event_to_organize(event, request.user)
    call = get_call(event_obj)
    row = load_proposal_row(call, pk, reader=get_author(request), proposals=query_proposals(call))
    form = SalesTalkForm(get_posted_data(request))
    if form.is_valid():
        try:
            resolve_sales_talk(
                proposal=row.proposal, reason=form.cleaned_data["reason"], author=get_author(request)
            )
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        except ConventionError as error:
            messages.error(request, str(error))
            return redirect("organize-session-proposal", event_obj.slug, pk)
        else:
            messages.success(request, _("Your answer has been saved; the proposal can now be accepted."))
            return redirect("organize-session-proposal", event_obj.slug, pk)
    context = {
        "call": call,
        "row": row,
        "proposal": row.proposal,
        "criteria": list(call.criteria.all()),
        "form": form,
        "decisions": list_possible_decisions(row.proposal),
        "resolved_by": row.proposal.sales_talk_resolved_by,
    }
    return render_organizer_page(request, "session_proposal", event_obj, **context)


def list_possible_decisions(proposal: SessionProposal) -> list[tuple[str, str]]:
    """Return value and label of the decisions that the page of a proposal offers."""
    states, current = SessionProposal.State, proposal.state
    if current in {states.WITHDRAWN, states.ACCEPTED}:
        return []
    current_decision = {states.REJECTED: Decision.REJECT, states.WAITLISTED: Decision.WAITLIST}.get(current)
    return [(decision.value, str(decision.label)) for decision in Decision if decision != current_decision]


@require_POST
def proposal_decide(request: "HttpRequest", event: str) -> HttpResponse:
    """Show what a decision on the ticked proposals does and mails; a POST with `send` applies it."""
    event_obj = get_event_to_organize(event, request.user)
    call, author = get_call(event_obj), require_signed_in(request.user)
    decision = parse_decision(request.POST.get("decision", ""))
    keys = {key for text in request.POST.getlist("proposal") if (key := parse_digits(text)) is not None}
    if decision is None or not keys:
        messages.error(request, _("Tick at least one proposal and choose a decision."))
        return redirect("organize-session-proposals", event_obj.slug)
    if "send" not in request.POST:
        plan = plan_decisions(call=call, keys=keys, decision=decision, reader=author)
        return render_decision_page(request, call, plan)
    report_decisions(request, decide_proposals(call=call, keys=keys, decision=decision, author=author))
    return redirect("organize-session-proposals", event_obj.slug)


def parse_decision(text: str) -> Decision | None:
    return Decision(text) if text in Decision.values else None


def render_decision_page(request: "HttpRequest", call: CallForProposals, plan: DecisionPlan) -> HttpResponse:
    """Show the proposals, and the mail as the first recipients get it."""
    kind = EFFECTS[plan.decision].mail_kind
    recipients = [
        (row.proposal, speaker) for row in plan.rows for speaker in list_recipients(row.proposal, kind)
    ]
    context = {
        "call": call,
        "plan": plan,
        "mails": [
            (mail := build_mail(speaker, proposal, kind), preview_mail_text(mail))
            for proposal, speaker in recipients[:MAX_PREVIEWS]
        ],
    }
    return render_organizer_page(request, "proposal_decisions", call.event, **context)


def report_decisions(request: "HttpRequest", plan: DecisionPlan) -> None:
    """Say how many proposals were decided, and which were left alone and why."""
    count = len(plan.rows)
    if count:
        sentence = ngettext(
            "The decision on %(count)d proposal has been saved; the e-mails are on their way.",
            "The decisions on %(count)d proposals have been saved; the e-mails are on their way.",
            count,
        )
        messages.success(request, sentence % {"count": count})
    for row, reason in plan.left_out[:MAX_PREVIEWS]:
        messages.error(request, f"{row.proposal.title[:80]}: {reason}")
