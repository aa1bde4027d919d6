"""Organizers' pages: publish the draft, and compare versions."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from convention.errors import NotFound
from convention.events.models import Event
from convention.events.permissions import get_event_to_organize
from convention.text.normalize import parse_digits
from convention.web.forms import get_posted_data, report_refusals
from convention.web.routing import require_safe_or_post
from schedule.conflicts.describe import describe_conflict
from schedule.conflicts.find import find_blocking_conflicts, find_conflicts
from schedule.conflicts.kinds import WARN
from schedule.conflicts.load import load_timetable
from schedule.conflicts.timetable import Timetable
from schedule.drafts.current_draft import get_current_draft
from schedule.editing.views import get_author, render_organizer_page
from schedule.models import ScheduleDraft, ScheduleVersion
from schedule.permissions import get_draft_to_edit
from schedule.programme.days import is_outside_hours

from .differences import TimetableDifferences, TimetableSlot
from .forms import PublicationForm, RestorationForm
from .notices import find_recipients
from .publish import (
    BlockingConflicts,
    NothingToPublish,
    Notify,
    PublicationStamp,
    PublishedMeanwhile,
    publish_reviewed_draft,
)
from .restore import plan_restoration, restore_version
from .sentences import describe_change, describe_place, describe_version, summarize_differences
from .timetables import compare_versions, find_previous_version, load_unpublished_changes

if TYPE_CHECKING:
    from django.http import HttpRequest

MAX_CHANGES_SHOWN: Final = 300
VERSIONS_PER_PAGE: Final = 50


@require_safe_or_post
def publish_page(request: "HttpRequest", event: str) -> HttpResponse:
    """Show what publishing the draft would change and who is notified; a POST publishes it."""
    event_obj = get_event_to_organize(event, request.user)
    draft = get_current_draft(event_obj, author=get_author(request))
    form = PublicationForm(get_posted_data(request), initial={"seen": str(PublicationStamp.of_draft(draft))})
    if form.is_valid():
        try:
            version = publish_reviewed_draft(
                draft=draft,
                name=form.cleaned_data["name"],
                note=form.cleaned_data["note"],
                author=get_author(request),
                notify=Notify.NOBODY if form.cleaned_data["is_silent"] else Notify.EVERYBODY,
                seen=PublicationStamp.parse(form.cleaned_data["seen"]),
            )
        except (PublishedMeanwhile, BlockingConflicts) as error:
            messages.error(request, str(error))
            return redirect("organize-publish", event_obj.slug)
        except NothingToPublish as error:
            messages.info(request, str(error))
            return redirect("organize-schedule", event_obj.slug)
        messages.success(request, describe_publication(version))
        return redirect("organize-versions", event_obj.slug)
    return render_organizer_page(request, "publish", event_obj, form=form, **build_preview(draft))


def describe_publication(version: ScheduleVersion) -> str:
    """Return the message after publishing, which says if only organizers see the event."""
    values = {"version": describe_version(version.number, version.name)}
    if version.event.visibility == Event.Visibility.DRAFT:
        return (
            _("%(version)s is published. Only organizers can see it until the event is published.") % values
        )
    return _("%(version)s is public now.") % values


def build_preview(draft: ScheduleDraft) -> dict[str, object]:
    """Return what the preview shows: the changes in words, conflicts, and who is notified."""
    differences, timetable = load_unpublished_changes(draft), load_timetable(draft)
    return {
        "blocking_conflicts": [
            describe_conflict(timetable, conflict) for conflict in find_blocking_conflicts(timetable)
        ],
        "warning_count": sum(conflict.level == WARN for conflict in find_conflicts(timetable)),
        "outside_count": count_outside_event(draft.event, timetable),
        "recipients": find_recipients(draft.event, differences.notified_session_ids),
        **build_change_list(draft.event, differences),
    }


def count_outside_event(event: Event, timetable: Timetable) -> int:
    """Return how many sessions begin before the event or end after it."""
    hours = (event.starts_at, event.ends_at)
    return sum(
        not state.is_cancelled and is_outside_hours(state.starts_at, state.ends_at, hours)
        for state in timetable.placements.values()
    )


def build_change_list(event: Event, differences: TimetableDifferences) -> dict[str, object]:
    """Return the first changes as slot and sentence, with counts."""
    shown = differences.changes[:MAX_CHANGES_SHOWN]
    hidden_count = len(differences.changes) - len(shown)
    return {
        "summary": summarize_differences(differences),
        "changes": [
            # Without the labels of the kinds: each sentence says what changed.
            (change.slot, describe_change(change, event.zone))
            for change in shown
        ],
        "hidden_sentence": ngettext("and %(count)s more change", "and %(count)s more changes", hidden_count)
        % {"count": hidden_count}
        if hidden_count
        else "",
    }


@require_safe
def version_list(request: "HttpRequest", event: str) -> HttpResponse:
    """List the versions, with the differences of the two that were chosen."""
    event_obj = get_event_to_organize(event, request.user)
    versions = event_obj.schedule_versions.select_related("published_by")
    page = Paginator(versions, VERSIONS_PER_PAGE).get_page(request.GET.get("page"))
    newer = find_version(event_obj, request.GET.get("to", ""))
    older = find_version(event_obj, request.GET.get("from", ""))
    if not (older or newer):
        # Nothing was chosen yet: preselect the version before the newest, which is the first of the list.
        older = next(iter(page[1:2]), None)
    context: dict[str, object] = {"page_obj": page, "older": older, "newer": newer}
    if newer:
        older = older or find_previous_version(newer)
        context |= {"older": older, **build_change_list(event_obj, compare_versions(older, newer))}
    return render_organizer_page(request, "versions", event_obj, **context)


def find_version(event: Event, text: str) -> ScheduleVersion | None:
    """Return the version of that number, None for an empty text. Raise NotFound."""
    if not text:
        return None
    number = parse_digits(text)
    version = event.schedule_versions.filter(number=number).first() if number is not None else None
    if version is None:
        raise NotFound(_("This version does not exist."))
    return version


@require_safe_or_post
def version_restore(request: "HttpRequest", event: str, number: int) -> HttpResponse:
    """Show what setting the draft back to a version would change; a POST does it."""
    draft, author = get_draft_to_edit(event, request.user)
    version = find_version(draft.event, str(number))
    assert version
    form = RestorationForm(get_posted_data(request), initial={"seen": draft.revision})
    if form.is_valid():
        with report_refusals(request):
            restore_version(
                draft=draft, version=version, seen_revision=form.cleaned_data["seen"], author=author
            )
            sentence = _(
                "The draft matches version %(number)s again. The public programme changes only when you "
                "publish it."
            )
            messages.success(request, sentence % {"number": number})
            return redirect("organize-board", draft.event.slug)
        return redirect("organize-version-restore", draft.event.slug, number)
    restoration = plan_restoration(draft=draft, version=version)
    return render_organizer_page(
        request,
        "version_restore",
        draft.event,
        form=form,
        version=version,
        restoration=restoration,
        scheduled=list_places(restoration.scheduled, draft.event),
        unscheduled=list_places(restoration.unscheduled, draft.event),
        **build_change_list(draft.event, restoration.moved),
    )


def list_places(slots: Iterable[TimetableSlot], event: Event) -> list[tuple[str, str]]:
    """Return title, and time and room, of each slot."""
    return [(slot.title, describe_place(slot, event.zone)) for slot in slots]
