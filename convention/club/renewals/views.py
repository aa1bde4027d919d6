"""Pages that prepare, confirm and delete the memberships of the selected companies."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.club.models import Membership
from convention.club.views.base import render_club_page
from convention.club.views.company_list import CompanySelection, with_company_selection

from .confirm import confirm_memberships, delete_draft_memberships, preview_drafts
from .forms import RenewalRowForm, RenewalTermsForm, make_row_forms
from .prepare import BatchOutcome, renew_memberships


def _warn_of_changes(request: HttpRequest) -> None:
    messages.warning(request, _("The table has changed since you saw it. Check it and confirm again."))


def _is_stale(request: HttpRequest, tokens: Iterable[str]) -> bool:
    """Return whether one of the ticked rows is no longer as the sent table showed it."""
    return not set(tokens) <= set(request.POST.getlist("included"))


@with_company_selection
def membership_renewals(request: HttpRequest, selection: CompanySelection) -> HttpResponse:
    """Preview the next memberships of the selected companies; with `prepare`, draft the ticked ones."""
    # The list sends the selection alone.
    terms_form = RenewalTermsForm(request.POST if "shown" in request.POST else None)
    preview = terms_form.preview(selection.companies)
    row_forms = make_row_forms(request.POST, preview)
    if "prepare" in request.POST and terms_form.is_valid():
        included = [form for form in row_forms if form.is_included]
        # After a second click none of the ticked rows is there, which is no error.
        if not request.POST.getlist("included"):
            messages.error(request, _("Select at least one company."))
        elif _are_ready(request, included):
            outcome = renew_memberships(form.make_choice() for form in included)
            outcome.refused += preview.refused
            return _render_prepared(request, selection, outcome)
    context = {
        "selection": selection,
        "terms_form": terms_form,
        "row_forms": row_forms,
        "ticked_forms": [form for form in row_forms if form.is_included and form.is_bound],
        "refused": preview.refused,
    }
    return render_club_page(request, "renewals.html", **context)


def _are_ready(request: HttpRequest, row_forms: list[RenewalRowForm]) -> bool:
    """Return whether the ticked rows are valid and as they were shown; warn if they have changed."""
    if not all(form.is_valid() for form in row_forms if form.is_bound):
        return False
    if not all(form.is_bound for form in row_forms) or _is_stale(request, (form.token for form in row_forms)):
        _warn_of_changes(request)
        return False
    return True


def _render_prepared(
    request: HttpRequest, selection: CompanySelection, outcome: BatchOutcome
) -> HttpResponse:
    sentence = ngettext(
        "%(count)d membership has been prepared as a draft.",
        "%(count)d memberships have been prepared as drafts.",
        len(outcome.done),
    )
    return _render_outcome(
        request,
        selection,
        outcome,
        title=_("Next memberships"),
        summary=sentence % {"count": len(outcome.done)} if outcome.done else _("Nothing was prepared."),
        can_confirm=bool(outcome.done),
    )


def _render_outcome(
    request: HttpRequest, selection: CompanySelection, outcome: BatchOutcome, **context: Any
) -> HttpResponse:
    slugs = " ".join(membership.company.slug for membership in outcome.done)
    return render_club_page(
        request, "batch_outcome.html", selection=selection, outcome=outcome, done_slugs=slugs, **context
    )


@dataclass(frozen=True)
class DraftStep:
    """An action on all ticked drafts: its name in the form, and its function."""

    name: str
    apply: Callable[[Iterable[Membership]], BatchOutcome]


@with_company_selection
def membership_confirmations(request: HttpRequest, selection: CompanySelection) -> HttpResponse:
    """Preview what confirming the drafts of the selected companies does; with `confirm`, do it."""
    return _preview_or_apply(request, selection, DraftStep("confirm", confirm_memberships))


@with_company_selection
def membership_drafts_delete(request: HttpRequest, selection: CompanySelection) -> HttpResponse:
    """Ask before the drafts of the selected companies are deleted; with `delete`, delete them."""
    return _preview_or_apply(request, selection, DraftStep("delete", delete_draft_memberships))


def _preview_or_apply(request: HttpRequest, selection: CompanySelection, step: DraftStep) -> HttpResponse:
    preview = preview_drafts(selection.companies)
    tokens = request.POST.getlist("included")
    ticked = {token.partition("-")[0] for token in tokens}
    # The list sends the selection alone: all are ticked.
    included = [draft for draft in preview.drafts if not tokens or str(draft.membership.pk) in ticked]
    if step.name in request.POST:
        if not tokens:
            messages.error(request, _("Select at least one membership."))
        elif _is_stale(request, (draft.token for draft in included)):
            _warn_of_changes(request)
        else:
            outcome = step.apply(draft.membership for draft in included)
            outcome.refused += preview.refused
            return _render_outcome(request, selection, outcome, **_describe_step(step, len(outcome.done)))
    context = {
        "selection": selection,
        "step": step.name,
        "preview": preview,
        "ticked_ids": {draft.membership.pk for draft in included},
    }
    return render_club_page(request, "drafts.html", **context)


def _describe_step(step: DraftStep, count: int) -> dict[str, Any]:
    if step.name == "delete":
        sentence = ngettext(
            "%(count)d draft has been deleted. The seats continue as before.",
            "%(count)d drafts have been deleted. The seats continue as before.",
            count,
        )
        title, nothing = _("Delete the drafts"), _("Nothing was deleted.")
    else:
        sentence = ngettext(
            "%(count)d membership has been confirmed.", "%(count)d memberships have been confirmed.", count
        )
        title, nothing = _("Confirm the memberships"), _("Nothing was confirmed.")
    return {"title": title, "summary": sentence % {"count": count} if count else nothing, "step": step.name}
