"""Pages of proposals: for members and hosts, and for those who plan the season."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from convention.club.permissions import can_read_directory, get_vendors, require_signed_in
from convention.errors import ConventionError, InvalidFields, NotFound
from convention.web.routing import require_safe_or_post
from registrations.visits.models import Interest, Proposal

from .company_history import count_visits_by_person
from .forms import ProposalForm, ProposalRecordForm, SetAsideForm, VisitDateForm, build_proposal_form
from .interest import (
    InterestCount,
    count_interest,
    express_interest,
    load_companies_by_member,
    withdraw_interest,
)
from .notifications import notify_interested_members
from .permissions import Proposer, can_plan_season, can_propose, get_planner, get_proposer
from .plan_visit import plan_visit
from .proposals import (
    create_proposal,
    record_proposal,
    reopen_proposal,
    revise_proposal,
    set_aside_proposal,
    withdraw_proposal,
)
from .season_views import report_planned_visit

PROPOSALS_PER_PAGE = 50
# The rows that the planners' pages name.
PLANNER_RELATIONS = ("host", "proposed_by", "proposed_by_host", "recorded_by", "visit__event")


@never_cache
@require_safe
def proposal_list(request: HttpRequest) -> HttpResponse:
    """List undecided proposals with the interest in them, and the person's own."""
    proposer = get_proposer(request.user)
    proposals = Proposal.objects.select_related("host", "visit__event")
    # The person's own proposals stay listed after the decision, with the reason if they were set aside.
    proposals = proposals.filter(Q(pk__in=_list_visible_proposals(proposer)) | Q(proposed_by=proposer.person))
    page = Paginator(proposals, PROPOSALS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page_obj": page,
        "rows": _add_interest(page, proposer),
        "proposer": proposer,
        "section": "visits",
    }
    # For the tabs, which the calendar shows to planners who may not propose.
    tabs = {"can_plan": can_plan_season(proposer.person), "can_propose": True}
    return render(request, "visits/proposals.html", context | tabs)


def _list_visible_proposals(proposer: Proposer) -> Any:
    """Return the ids of undecided proposals; a vendor's people only see those about their company."""
    undecided = Proposal.objects.undecided()
    return (undecided if proposer.is_member else undecided.filter(host__in=proposer.vendors)).values("pk")


def _add_interest(proposals: Any, proposer: Proposer) -> list[tuple[Proposal, InterestCount, bool]]:
    rows = list(proposals)
    interest = count_interest(rows)
    own_interests = Interest.objects.filter(proposal__in=rows, person=proposer.person).values_list(
        "proposal", flat=True
    )
    interested_ids = set(own_interests)
    return [
        (proposal, interest.get(proposal.pk, InterestCount()), proposal.pk in interested_ids)
        for proposal in rows
    ]


@never_cache
@require_safe_or_post
def proposal_create(request: HttpRequest) -> HttpResponse:
    proposer = get_proposer(request.user)
    form = build_proposal_form(request.POST or None, proposer)
    if request.method == "POST" and form.is_valid():
        try:
            create_proposal(person=proposer.person, **form.cleaned_data)
        except ConventionError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Thank you. Members can now say that they are interested."))
            return redirect("proposals")
    return render(
        request, "visits/proposal_new.html", {"form": form, "proposer": proposer, "section": "visits"}
    )


@require_POST
def proposal_respond(request: HttpRequest, pk: int) -> HttpResponse:
    """Express or withdraw interest, or withdraw the person's own proposal."""
    proposer = get_proposer(request.user)
    is_own = Q(proposed_by=proposer.person)
    # The same filter as the list, so that guessing ids gives access to no other proposal.
    proposal = Proposal.objects.filter(is_own | Q(pk__in=_list_visible_proposals(proposer)), pk=pk).first()
    if proposal is None:
        raise NotFound(_("We could not find this proposal."))
    try:
        message = _record_response(request.POST.get("action", ""), proposal, proposer)
    except ConventionError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, message)
    return redirect("proposals")


def _record_response(response: str, proposal: Proposal, proposer: Proposer) -> str:
    if response == "withdraw":
        withdraw_proposal(proposal=proposal, person=proposer.person)
        return _("Your proposal has been withdrawn.")
    if response == "no_interest":
        withdraw_interest(proposal=proposal, person=proposer.person)
        return _("Saved: you are no longer listed as interested.")
    express_interest(proposal=proposal, person=proposer.person)
    return _("Saved: we will e-mail you when a date is set.")


@never_cache
@require_safe
def proposal_planning_list(request: HttpRequest) -> HttpResponse:
    """List all proposals for planners, undecided ones first."""
    get_planner(request.user)
    proposals = Proposal.objects.select_related(*PLANNER_RELATIONS)
    page = Paginator(proposals.undecided_first(), PROPOSALS_PER_PAGE).get_page(request.GET.get("page"))
    interest = count_interest(page)
    rows = [(proposal, interest.get(proposal.pk, InterestCount())) for proposal in page]
    context = {"page_obj": page, "rows": rows, "can_propose": can_propose(request.user), "section": "season"}
    return render(request, "visits/organize_proposals.html", context)


@never_cache
@require_safe_or_post
def proposal_record(request: HttpRequest) -> HttpResponse:
    """Record a proposal on behalf of somebody, who may have telephoned."""
    planner = get_planner(request.user)
    form = ProposalRecordForm(request.POST or None, hosts=get_vendors(), planner=planner)
    if request.method == "POST" and form.is_valid():
        proposal = record_proposal(planner=planner, **form.record_values)
        if form.cleaned_data.get("notifies_proposer"):
            sentence = _("The proposal has been recorded. %(name)s will receive a confirmation by e-mail.")
            messages.success(request, sentence % {"name": proposal.proposed_by})
        else:
            messages.success(
                request, _("The proposal has been recorded. Members can now say that they are interested.")
            )
        return redirect("organize-proposal", proposal.pk)
    return render(request, "visits/organize_proposal_new.html", {"form": form, "section": "season"})


@never_cache
@require_safe_or_post
def proposal_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a proposal and who is interested, with their past visits; a POST edits it."""
    get_planner(request.user)
    proposal = _get_proposal(pk)
    form = ProposalForm(request.POST or None, instance=proposal, hosts=get_vendors())
    if request.method == "POST" and form.is_valid():
        revise_proposal(proposal=form.instance, changed=form.changed_data)
        messages.success(request, _("The proposal has been saved."))
        return redirect("organize-proposal", pk)
    return _render_proposal(request, pk, form=form)


def _get_proposal(pk: int) -> Proposal:
    rows = Proposal.objects.select_related(*PLANNER_RELATIONS)
    return get_object_or_404(rows, pk=pk)


def _render_proposal(request: HttpRequest, pk: int, **forms: Any) -> HttpResponse:
    proposal = _get_proposal(pk)
    interests = proposal.interests.select_related("person").order_by("expressed_at", "pk")
    page = Paginator(interests, PROPOSALS_PER_PAGE).get_page(request.GET.get("page"))
    person_ids = [interest_row.person_id for interest_row in page]
    visit_counts = count_visits_by_person(person_ids)
    companies = load_companies_by_member(person_ids)
    context = {
        "proposal": proposal,
        "interest": count_interest([proposal]).get(proposal.pk, InterestCount()),
        "people": [
            (
                interest_row,
                companies.get(interest_row.person_id),
                visit_counts.get(interest_row.person_id, 0),
            )
            for interest_row in page
        ],
        "can_open_people": can_read_directory(request.user),
        "page_obj": page,
        "form": ProposalForm(instance=proposal, hosts=get_vendors()),
        "date_form": VisitDateForm(
            planner=require_signed_in(request.user),
            prefix="date",
            initial=_build_date_initial(request, proposal),
        ),
        "aside_form": SetAsideForm(prefix="aside"),
        "section": "season",
        **forms,
    }
    return render(request, "visits/organize_proposal.html", context)


def _build_date_initial(request: HttpRequest, proposal: Proposal) -> dict[str, Any]:
    return {
        "name": proposal.title, "host": proposal.host, "contact_email": require_signed_in(request.user).email,
    }  # fmt: skip


@require_safe_or_post
def proposal_set_date(request: HttpRequest, pk: int) -> HttpResponse:
    """Set a date: the proposal becomes a draft visit."""
    person = get_planner(request.user)
    proposal = _get_proposal(pk)
    # The language switch of the page with errors leads here by GET.
    if request.method != "POST":
        return redirect("organize-proposal", pk)
    form = VisitDateForm(request.POST, planner=person, prefix="date")
    if form.is_valid():
        try:
            visit = plan_visit(proposal=proposal, planner=person, **form.cleaned_data)
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        except ConventionError as error:
            form.add_error(None, str(error))
        else:
            report_planned_visit(request, visit)
            return redirect("organize-visit", visit.event.slug)
    return _render_proposal(request, pk, date_form=form)


@require_safe_or_post
def proposal_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Set a proposal aside, reopen it, or notify interested members of the date."""
    get_planner(request.user)
    proposal = _get_proposal(pk)
    if request.method != "POST":
        return redirect("organize-proposal", pk)
    if "reopen" in request.POST:
        reopen_proposal(proposal=proposal)
        messages.success(request, _("The proposal is open again."))
        return redirect("organize-proposal", pk)
    if "notify" in request.POST:
        _notify_interested(request, proposal)
        return redirect("organize-proposal", pk)
    form = SetAsideForm(request.POST, prefix="aside")
    if form.is_valid():
        set_aside_proposal(proposal=proposal, reason=form.cleaned_data["reason"])
        messages.success(request, _("The proposal has been set aside."))
        return redirect("organize-proposal", pk)
    return _render_proposal(request, pk, aside_form=form)


def _notify_interested(request: HttpRequest, proposal: Proposal) -> None:
    try:
        notified_count = notify_interested_members(proposal=proposal)
    except ConventionError as error:
        messages.error(request, str(error))
    else:
        sentence = ngettext(
            "%(count)d person is being informed by e-mail.",
            "%(count)d people are being informed by e-mail.",
            notified_count,
        )
        messages.success(request, sentence % {"count": notified_count})
