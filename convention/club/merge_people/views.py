"""Pages that merge two records of one person: choose the other record, compare, confirm."""

from typing import TYPE_CHECKING, Any

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from convention.club.models import Person
from convention.club.people import refuse_erased_person
from convention.club.permissions import require_directory_manager
from convention.club.views.base import render_club_page
from convention.text.normalize import normalize_whitespace
from convention.web.routing import require_safe_or_post

from .compare import (
    describe_side,
    list_field_choices,
    list_merge_candidates,
    list_merge_effects,
    order_by_use,
)
from .forms import CurrentPositionsForm
from .merge_people import MERGEABLE_FIELDS, PeopleMergeRefused, merge_people
from .obstacles import list_merge_obstacles
from .positions import list_positions_to_settle

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@require_safe
def person_merge_search(request: "HttpRequest", person_id: int) -> "HttpResponse":
    """Search the other record of this person; namesakes are proposed first."""
    require_directory_manager(request.user)
    person = get_object_or_404(Person, pk=person_id)
    refuse_erased_person(person)
    words = normalize_whitespace(request.GET.get("q", "")[:200])
    rows = [(other, *order_by_use(person, other)) for other in list_merge_candidates(person, words)]
    return render_club_page(request, "person_merge_search.html", person=person, words=words, rows=rows)


@require_safe_or_post
@reauthentication_required(allow_get=True)
def person_merge(request: "HttpRequest", person_id: int, duplicate_id: int) -> "HttpResponse":
    """Compare two records; a POST merges the second into the first."""
    actor = require_directory_manager(request.user)
    survivor = get_object_or_404(Person, pk=person_id)
    duplicate = get_object_or_404(Person, pk=duplicate_id)
    positions = list_positions_to_settle(survivor, duplicate)
    form = CurrentPositionsForm(request.POST if request.method == "POST" else None, positions=positions)
    if request.method == "POST" and form.is_valid():
        try:
            merge_people(
                survivor=survivor,
                duplicate=duplicate,
                actor=actor,
                fields_from_duplicate=_read_chosen_fields(request),
                position_outcomes=form.get_outcomes(),
            )
        except PeopleMergeRefused:
            # The page below says why, with links.
            return _render_comparison(request, survivor, duplicate, form)
        messages.success(request, _("The records have been merged."))
        return redirect("club-person", person_id)
    return _render_comparison(request, survivor, duplicate, form)


def _read_chosen_fields(request: "HttpRequest") -> list[str]:
    # Read by the known names, so that a forged form cannot copy other columns.
    return [name for name in MERGEABLE_FIELDS if request.POST.get(name) == "other"]


def _render_comparison(
    request: "HttpRequest", survivor: Person, duplicate: Person, form: CurrentPositionsForm
) -> "HttpResponse":
    actor = require_directory_manager(request.user)
    context: dict[str, Any] = {
        "form": form,
        "survivor": survivor,
        "duplicate": duplicate,
        "sides": [describe_side(survivor), describe_side(duplicate)],
        "obstacles": list_merge_obstacles(survivor=survivor, duplicate=duplicate, actor=actor),
        "choices": list_field_choices(survivor, duplicate, chosen=_read_chosen_fields(request)),
        "effects": list_merge_effects(survivor, duplicate, actor=actor),
    }
    return render_club_page(request, "person_merge.html", **context)
