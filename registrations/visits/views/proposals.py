"""Proposals of visits: made and wished for by members and hosts, decided by who plans the season."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from convention.club.doors import signed_in
from convention.errors import ConventionError, InvalidFields, NotFound

from ..been import been_by_person
from ..forms.planning import DateForm, ProposalForm, SetAsideForm, proposal_form, vendors
from ..interest import Counted, counted, say_interest, take_back_interest
from ..models import Interest, Proposal
from ..plan_visit import plan_visit
from ..planning_doors import Proposer, planner, plans, proposer
from ..propose import propose, revise_proposal, set_aside, take_up, withdraw_proposal
from ..tell_interested import tell_interested

ROWS = 50
read_or_write = require_http_methods(["GET", "HEAD", "POST"])


@never_cache
@require_safe
def proposals(request: HttpRequest) -> HttpResponse:
    """What stands, with the interest in it, and what became of one's own."""
    of = proposer(request.user)
    found = Proposal.objects.select_related("host", "became__event")
    found = found.filter(Q(pk__in=_standing_for(of)) | Q(proposed_by=of.person))
    shown = Paginator(found, ROWS).get_page(request.GET.get("page"))
    context = {"shown": shown, "rows": _with_interest(shown, of), "of": of, "section": "visits"}
    return render(request, "visits/proposals.html", {**context, "plans": plans(of.person)})


def _standing_for(of: Proposer) -> Any:
    """Members see what stands; somebody of a vendor alone sees what is proposed of their own firm."""
    standing = Proposal.objects.standing()
    return (standing if of.is_member else standing.filter(host__in=of.vendors)).values("pk")


def _with_interest(proposals: Any, of: Proposer) -> list[tuple[Proposal, Counted, bool]]:
    found = list(proposals)
    interest = counted(found)
    mine = Interest.objects.filter(proposal__in=found, person=of.person).values_list("proposal", flat=True)
    said = set(mine)
    return [(one, interest.get(one.pk, Counted()), one.pk in said) for one in found]


@never_cache
@read_or_write
def new(request: HttpRequest) -> HttpResponse:
    """Propose a visit."""
    of = proposer(request.user)
    form = proposal_form(request.POST or None, of)
    if request.method == "POST" and form.is_valid():
        try:
            propose(person=of.person, **form.cleaned_data)
        except ConventionError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Thank you. Members can say now that they would come."))
            return redirect("proposals")
    return render(request, "visits/proposal_new.html", {"form": form, "of": of, "section": "visits"})


@require_POST
def act(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that one would come, or would not after all; take one's own proposal back."""
    of = proposer(request.user)
    own = Q(proposed_by=of.person)
    found = Proposal.objects.filter(own | Q(pk__in=_standing_for(of)), pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such proposal."))
    try:
        said = _do(request.POST.get("act", ""), found, of)
    except ConventionError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, said)
    return redirect("proposals")


def _do(what: str, proposal: Proposal, of: Proposer) -> str:
    if what == "withdraw":
        withdraw_proposal(proposal=proposal, person=of.person)
        return _("Your proposal is taken back.")
    if what == "not":
        take_back_interest(proposal=proposal, person=of.person)
        return _("Noted: you are no longer counted.")
    say_interest(proposal=proposal, person=of.person)
    return _("Noted: you will be told when a date is set.")


@never_cache
@require_safe
def to_plan(request: HttpRequest) -> HttpResponse:
    """All proposals for who plans the season: those that stand, then what became of the others."""
    planner(request.user)
    found = Proposal.objects.select_related("host", "proposed_by", "proposed_by_host", "became__event")
    found = found.order_by("became", "set_aside_at", "-proposed_at", "-pk")
    shown = Paginator(found, ROWS).get_page(request.GET.get("page"))
    interest = counted(shown)
    rows = [(one, interest.get(one.pk, Counted())) for one in shown]
    return render(
        request, "visits/organize_proposals.html", {"shown": shown, "rows": rows, "section": "season"}
    )


@never_cache
@read_or_write
def proposal(request: HttpRequest, pk: int) -> HttpResponse:
    """One proposal: who would come and how often they were away already; a POST writes it better."""
    planner(request.user)
    found = _proposal(pk)
    form = ProposalForm(request.POST or None, instance=found, hosts=vendors())
    if request.method == "POST" and form.is_valid():
        revise_proposal(proposal=form.instance, changed=form.changed_data)
        messages.success(request, _("The proposal is saved."))
        return redirect("organize-proposal", pk)
    return _page(request, pk, form=form)


def _proposal(pk: int) -> Proposal:
    rows = Proposal.objects.select_related("host", "proposed_by", "proposed_by_host", "became__event")
    return get_object_or_404(rows, pk=pk)


def _page(request: HttpRequest, pk: int, **forms: Any) -> HttpResponse:
    found = _proposal(pk)
    interests = found.interests.select_related("person").order_by("said_at", "pk")
    people = Paginator(interests, ROWS).get_page(request.GET.get("page"))
    been = been_by_person([one.person_id for one in people])
    context = {
        "proposal": found,
        "interest": counted([found]).get(found.pk, Counted()),
        "people": [(one, been.get(one.person_id, 0)) for one in people],
        "shown": people,
        "form": ProposalForm(instance=found, hosts=vendors()),
        "date_form": DateForm(prefix="date", initial=_initial(request, found)),
        "aside_form": SetAsideForm(prefix="aside"),
        "section": "season",
        **forms,
    }
    return render(request, "visits/organize_proposal.html", context)


def _initial(request: HttpRequest, proposal: Proposal) -> dict[str, Any]:
    """What the visit's form begins with."""
    return {
        "name": proposal.title, "host": proposal.host, "contact_email": signed_in(request.user).email,
    }  # fmt: skip


@require_POST
def set_date(request: HttpRequest, pk: int) -> HttpResponse:
    """Set a date: the proposal becomes a visit, a draft."""
    person = planner(request.user)
    found = _proposal(pk)
    form = DateForm(request.POST, prefix="date")
    if form.is_valid():
        try:
            visit = plan_visit(proposal=found, planner=person, **form.cleaned_data)
        except InvalidFields as error:
            form.add_errors(error.fields)
        except ConventionError as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request, _("The visit has begun, a draft. Next: its facts and the host’s agreement.")
            )
            return redirect("organize-visit", visit.event.slug)
    return _page(request, pk, date_form=form)


@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Set a proposal aside, let it stand again, or tell those interested that a date is set."""
    planner(request.user)
    found = _proposal(pk)
    if "take_up" in request.POST:
        take_up(proposal=found)
        messages.success(request, _("The proposal stands again."))
        return redirect("organize-proposal", pk)
    if "tell" in request.POST:
        _tell(request, found)
        return redirect("organize-proposal", pk)
    form = SetAsideForm(request.POST, prefix="aside")
    if form.is_valid():
        set_aside(proposal=found, because=form.cleaned_data["because"])
        messages.success(request, _("The proposal is set aside."))
        return redirect("organize-proposal", pk)
    return _page(request, pk, aside_form=form)


def _tell(request: HttpRequest, proposal: Proposal) -> None:
    try:
        told = tell_interested(proposal=proposal)
    except ConventionError as error:
        messages.error(request, str(error))
    else:
        sentence = ngettext("%(told)d person is told by e-mail.", "%(told)d people are told by e-mail.", told)
        messages.success(request, sentence % {"told": told})
