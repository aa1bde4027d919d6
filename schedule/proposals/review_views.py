"""Reviewers' pages: the events with a call, the proposals of one, and the review of a proposal."""

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from convention.errors import ConventionError, InvalidFields
from convention.events.permissions import get_event_to_review, get_events_to_review
from convention.web.routing import require_safe_or_post
from schedule.editing.views import get_author
from schedule.models import CallForProposals

from .calls import get_call
from .forms import ReviewForm
from .overview import ProposalRow, load_proposal_row, load_proposal_rows, query_proposals
from .reviews import abstain_from_review, declare_conflict, retract_conflict, score_proposal

if TYPE_CHECKING:
    from django.http import HttpRequest


@login_required
@require_safe
def review_events(request: "HttpRequest") -> HttpResponse:
    """List the events whose proposals the visitor reviews."""
    events = get_events_to_review(get_author(request)).filter(call_for_proposals__isnull=False)
    return render_review_page(request, "review_events", events=events.order_by("starts_at"))


@require_safe
def review_queue(request: "HttpRequest", event: str) -> HttpResponse:
    """List the proposals: those that the reviewer has not judged, then the others."""
    call = get_call_to_review(request, event)
    reader = get_author(request)
    rows = load_proposal_rows(call, reader=reader, proposals=query_proposals(call).active())
    open_rows = [row for row in rows if row.proposal.is_undecided]
    context = {
        "call": call,
        "waiting": [row for row in open_rows if not row.is_reviewed and row.conflict is None],
        "reviewed": [row for row in rows if row.is_reviewed and row.conflict is None],
        "conflicts": [row for row in rows if row.conflict],
        "done_count": sum(row.is_reviewed for row in open_rows),
    }
    return render_review_page(request, "review_queue", event=call.event, **context)


def get_call_to_review(request: "HttpRequest", slug: str) -> CallForProposals:
    """Return the call of an event that the visitor may review. Raise NotFound, Forbidden, SignInRequired."""
    return get_call(get_event_to_review(slug, request.user))


@require_safe_or_post
def review_proposal(request: "HttpRequest", event: str, pk: int) -> HttpResponse:
    """Show a proposal and the reviewer's own scores; a POST runs the action sent as `action`."""
    call = get_call_to_review(request, event)
    proposals = query_proposals(call).active()
    row = load_proposal_row(call, pk, reader=get_author(request), proposals=proposals)
    form = ReviewForm(call=call, initial=load_own_review(row))
    if request.method == "POST":
        form = ReviewForm(request.POST, call=call)
        if sentence := run_review_action(request, row, form):
            messages.success(request, sentence)
            return redirect("review-queue", call.event.slug)
    context = {
        "call": call,
        "row": row,
        "proposal": row.proposal,
        "form": form,
        "is_blind": call.is_blind and row.proposal.is_undecided,
        "others": list_visible_reviews(row),
    }
    return render_review_page(request, "review_proposal", event=call.event, **context)


def run_review_action(request: "HttpRequest", row: ProposalRow, form: ReviewForm) -> str:
    """Run the action of a button and return its success message; "" if the form has errors."""
    action, proposal, reviewer = request.POST.get("action", "score"), row.proposal, get_author(request)
    try:
        if action == "conflict":
            declare_conflict(proposal=proposal, reviewer=reviewer)
            return _("Your conflict of interest was noted. You will not see this proposal again.")
        if action == "retract":
            retract_conflict(proposal=proposal, reviewer=reviewer)
            return _("The conflict of interest has been removed.")
        is_valid = form.is_valid()
        if action == "abstain":
            abstain_from_review(
                proposal=proposal, reviewer=reviewer, comment=form.cleaned_data.get("comment", "")
            )
            return _("Your abstention has been saved.")
        if is_valid:
            score_proposal(proposal=proposal, reviewer=reviewer, content=form.get_content())
            return _("Your review has been saved.")
    except InvalidFields as error:
        form.add_errors(error.field_errors)
    except ConventionError as error:
        form.add_error(None, str(error))
    return ""


def load_own_review(row: ProposalRow) -> dict[str, Any]:
    """Return the initial values of the form, as the reviewer saved them before."""
    review = row.own_review
    if review is None:
        return {}
    scores = {f"criterion-{score.criterion_id}": score.value for score in review.scores.all()}
    return {"comment": review.comment, "is_sales_talk": review.sales_talk_flagged_at is not None, **scores}


def list_visible_reviews(row: ProposalRow) -> list[Any]:
    """Return the other reviewers' counted reviews; none before the reader has given scores."""
    own = row.own_review
    if row.conflict or own is None or own.scored_at is None:
        return []
    return [review for review in row.reviews if review.counts and review.review.pk != own.pk]


def render_review_page(request: "HttpRequest", template_name: str, **context: Any) -> HttpResponse:
    """Render a page of the reviewers, which no cache may store."""
    response = render(request, f"schedule/review/{template_name}.html", {"section": "review", **context})
    response["Cache-Control"] = "private, no-store"
    return response
