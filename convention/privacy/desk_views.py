"""Pages of privacy requests: requests, data of a person, retention and consent texts."""

from typing import TYPE_CHECKING, Any

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.db.models import Count, Prefetch, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from convention.club.permissions import is_club_administrator, require_administrator
from convention.errors import InvalidFields, NotFound
from convention.events.permissions import can_organize
from convention.personal_data import DataSubject, EventBlocker
from convention.tables.downloads import zip_response
from convention.web.routing import require_safe_or_post

from .blockers.mails import make_task_path
from .blockers.organizer_requests import BlockingEvent, group_by_event, list_organizer_requests
from .blockers.progress import list_open_cases
from .consents import add_purpose_text
from .erase import ErasureBlocked, execute_erasure
from .find_data import SubjectData, add_known_names
from .forms import (
    CaseCreateForm,
    CaseLinkForm,
    CaseRefusalForm,
    ErasureConfirmForm,
    PurposeTextForm,
    RetentionDaysForm,
)
from .models import PrivacyCase, Purpose, PurposeText, RetentionRun
from .permissions import get_privacy_case, require_privacy_desk
from .redaction.mentions import NameMention
from .registry import describe_retained_documents, find_erasure_blockers, get_table_title
from .requests import (
    AnswerOutdated,
    DataNotDownloaded,
    PersonHasOpenCase,
    can_be_linked,
    complete_request,
    export_case,
    find_open_request,
    link_case,
    list_downloads,
    record_request,
    refuse_request,
)
from .retention import (
    LEGAL_RETENTION_YEARS,
    get_adjustable_rule,
    list_effective_rules,
    run_retention_rules,
    set_retention_days,
)
from .subjects import find_people_with_unverified_address, get_case_subject, search_people_to_link

if TYPE_CHECKING:
    from django.http import HttpRequest

MAX_ANSWERED_SHOWN, MAX_RUNS_SHOWN = 50, 100


def render_desk_page(request: "HttpRequest", template: str, **context: Any) -> HttpResponse:
    can_edit = is_club_administrator(request.user)
    return render(request, f"privacy/{template}", {"section": "requests", "can_edit": can_edit, **context})


@never_cache
@require_safe
def case_list(request: "HttpRequest") -> HttpResponse:
    """List the open requests with what they wait for, and the latest answered ones."""
    require_privacy_desk(request.user)
    rows = PrivacyCase.objects.select_related("person")
    answered = list(rows.exclude(answered_at=None).order_by("-answered_at", "-pk")[:MAX_ANSWERED_SHOWN])
    return render_desk_page(request, "case_list.html", unanswered=list_open_cases(), answered=answered)


@never_cache
@require_safe_or_post
def case_create(request: "HttpRequest") -> HttpResponse:
    """Record a request that came by letter or e-mail."""
    clerk = require_privacy_desk(request.user)
    form = CaseCreateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        email, kind = form.cleaned_data["email"], form.cleaned_data["kind"]
        if existing_case := find_open_request(email=email, kind=kind):
            messages.info(
                request, _("This request has already been recorded. No further e-mail has been sent.")
            )
            return redirect("privacy-case", existing_case.pk)
        case = record_request(opened_by=clerk, **form.cleaned_data)
        messages.success(request, _("The request has been recorded, and the person has been informed."))
        return redirect("privacy-case", case.pk)
    return render_desk_page(request, "case_form.html", form=form)


@never_cache
@require_safe
def case_detail(request: "HttpRequest", pk: int) -> HttpResponse:
    """Show the person's data, what an erasure would do, and what blocks it."""
    privacy_case = get_privacy_case(pk, request.user)
    return _render_case(request, privacy_case, erase_form=ErasureConfirmForm(), refuse_form=CaseRefusalForm())


def _render_case(request: "HttpRequest", case: PrivacyCase, **forms: Any) -> HttpResponse:
    is_open = case.answered_at is None
    # An answered erasure has no address any more, so nothing can be looked up.
    subject = add_known_names(get_case_subject(case)) if case.can_be_exported else DataSubject()
    data = SubjectData(subject)
    has_data = case.can_be_exported and data.has_stored_data
    context = {
        "case": case,
        "can_download": has_data,
        "downloads": list_downloads(case),
        "tables": data.tables_with_rows if is_open and has_data else [],
        "addresses": sorted(subject.addresses) if is_open else [],
        **_find_blockers(request, case, subject),
        "retained": describe_retained_documents(subject) if is_open else case.retained,
        "actions": [(get_table_title(label), counts) for label, counts in case.counts.items()],
        "mentions": [NameMention(*mention) for mention in case.mentions],
        **_find_people_to_link(request, case),
        **forms,
    }
    return render_desk_page(request, "case.html", **context)


def _find_people_to_link(request: "HttpRequest", case: PrivacyCase) -> dict[str, Any]:
    """Return the people who may have sent the request, for an address that is nobody's for certain."""
    if not can_be_linked(case):
        return {"can_be_linked": False}
    words = request.GET.get("q", "").strip()[:200]
    return {
        "can_be_linked": True,
        "words": words,
        "unproven_people": find_people_with_unverified_address(case.email),
        "found_people": search_people_to_link(words),
    }


def _find_blockers(request: "HttpRequest", case: PrivacyCase, subject: DataSubject) -> dict[str, Any]:
    """Return what blocks the erasure, with links for a reader who may settle it, and who was asked."""
    organizer_requests = list_organizer_requests(case)
    is_erasable = case.answered_at is None and case.kind == PrivacyCase.Kind.ERASURE
    blockers = find_erasure_blockers(subject) if is_erasable else []
    return {
        "organizer_requests": organizer_requests,
        "blocking_events": [
            (blocking_event, _list_task_links(request, blocking_event))
            for blocking_event in group_by_event(case, blockers, organizer_requests)
        ],
        "other_blockers": [blocker for blocker in blockers if not isinstance(blocker, EventBlocker)],
    }


def _list_task_links(request: "HttpRequest", blocking_event: BlockingEvent) -> list[tuple[Any, str]]:
    """Return labels and paths of the pages on which the reader can settle it; none for others."""
    event = blocking_event.event
    if not can_organize(request.user, event):
        return []
    return [(event_task.label, make_task_path(event, event_task)) for event_task in blocking_event.tasks]


@require_POST
@reauthentication_required
def case_export(request: "HttpRequest", pk: int) -> HttpResponse:
    """Download the person's data as one file."""
    privacy_case = get_privacy_case(pk, request.user)
    # By POST and after the password: the file is everything the club knows of one person.
    content = export_case(case=privacy_case)
    return zip_response(content, name=f"data-{privacy_case.pk}-{timezone.localdate():%Y-%m-%d}")


@never_cache
@require_POST
@reauthentication_required
def case_erase(request: "HttpRequest", pk: int) -> HttpResponse:
    """Execute the erasure after a confirmation."""
    privacy_case, clerk = get_privacy_case(pk, request.user), require_privacy_desk(request.user)
    form = ErasureConfirmForm(request.POST)
    if form.is_valid():
        try:
            execute_erasure(case=privacy_case, answered_by=clerk)
        except ErasureBlocked as error:
            messages.error(request, str(error))
        else:
            privacy_case.refresh_from_db()
            messages.success(request, describe_answer(privacy_case))
        return redirect("privacy-case", pk)
    return _render_case(request, privacy_case, erase_form=form, refuse_form=CaseRefusalForm())


@never_cache
@require_POST
def case_refuse(request: "HttpRequest", pk: int) -> HttpResponse:
    """Refuse the request with a reason."""
    privacy_case, clerk = get_privacy_case(pk, request.user), require_privacy_desk(request.user)
    form = CaseRefusalForm(request.POST)
    if form.is_valid():
        refuse_request(case=privacy_case, answered_by=clerk, reason=form.cleaned_data["reason"])
        messages.success(
            request, _("The request has been refused. The person will receive your reason by e-mail.")
        )
        return redirect("privacy")
    return _render_case(request, privacy_case, erase_form=ErasureConfirmForm(), refuse_form=form)


@require_POST
def case_answer(request: "HttpRequest", pk: int) -> HttpResponse:
    """Close a request for access: its export was given, or no data is stored."""
    privacy_case, clerk = get_privacy_case(pk, request.user), require_privacy_desk(request.user)
    try:
        # The answer of the button: any other than the true one is refused.
        complete_request(case=privacy_case, answered_by=clerk, answer=request.POST.get("answer", ""))
    except (AnswerOutdated, DataNotDownloaded) as error:
        messages.error(request, str(error))
        return redirect("privacy-case", pk)
    privacy_case.refresh_from_db()
    messages.success(request, describe_answer(privacy_case))
    return redirect("privacy")


def describe_answer(case: PrivacyCase) -> str:
    """Return what the person was told, for those who answered."""
    if case.answer == PrivacyCase.Answer.NO_DATA:
        return _("The person has been informed that no data is stored under this address.")
    if case.answer == PrivacyCase.Answer.ERASED:
        return _("The data has been erased. The record below contains no name.")
    return _("The request has been answered.")


@require_POST
def case_link(request: "HttpRequest", pk: int) -> HttpResponse:
    """Link a request to the person who sent it, or end the link."""
    privacy_case = get_privacy_case(pk, request.user)
    form = CaseLinkForm(request.POST)
    if not form.is_valid():
        raise NotFound(_("We could not find this person."))
    try:
        link_case(case=privacy_case, person=form.cleaned_data["person"])
    except PersonHasOpenCase as error:
        messages.error(request, str(error))
        return redirect("privacy-case", pk)
    if form.cleaned_data["person"]:
        messages.success(request, _("The request is now about all data of this person."))
    else:
        messages.success(request, _("The request is now about the data under its address alone."))
    return redirect("privacy-case", pk)


@never_cache
@require_safe
def retention_overview(request: "HttpRequest") -> HttpResponse:
    """Show the retention rules and their latest runs."""
    require_privacy_desk(request.user)
    # Without runs that removed nothing, which are most of them and would hide the others.
    runs = list(RetentionRun.objects.exclude(removed_count=0, error="")[:MAX_RUNS_SHOWN])
    names = {rule.rule.slug: rule.rule.name for rule in list_effective_rules()}
    report = [(run, names.get(run.rule, run.rule)) for run in runs]
    return render_desk_page(
        request,
        "retention.html",
        rules=list_effective_rules(),
        report=report,
        legal_years=LEGAL_RETENTION_YEARS,
    )


@require_safe_or_post
def retention_edit(request: "HttpRequest", slug: str) -> HttpResponse:
    """Choose the days after which one kind of data is deleted."""
    require_administrator(request.user)
    rule = get_adjustable_rule(slug)
    [days] = [effective.days for effective in list_effective_rules() if effective.rule == rule]
    form = RetentionDaysForm(request.POST or None, initial={"days": days})
    if request.method == "POST" and form.is_valid():
        try:
            set_retention_days(slug=slug, **form.cleaned_data)
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        else:
            messages.success(request, _("The retention period has been saved. It applies from the next run."))
            return redirect("privacy-retention")
    return render_desk_page(request, "retention_form.html", form=form, rule=rule)


@require_POST
def retention_run(request: "HttpRequest") -> HttpResponse:
    """Run all retention rules now."""
    require_administrator(request.user)
    removed_count = sum(run.removed_count for run in run_retention_rules(at=timezone.now()))
    message = ngettext("%(count)d entry was removed.", "%(count)d entries were removed.", removed_count)
    messages.success(request, message % {"count": removed_count})
    return redirect("privacy-retention")


@require_safe
def purpose_text_list(request: "HttpRequest") -> HttpResponse:
    """List the versions of all consent texts with their active consents."""
    require_privacy_desk(request.user)
    texts = PurposeText.objects.annotate(
        active_consent_count=Count("consents", filter=Q(consents__withdrawn_at__isnull=True))
    )
    purposes = Purpose.objects.prefetch_related(Prefetch("texts", queryset=texts))
    return render_desk_page(request, "purpose_texts.html", purposes=purposes)


@require_safe_or_post
def purpose_text_create(request: "HttpRequest", slug: str) -> HttpResponse:
    """Publish another version of a text."""
    require_administrator(request.user)
    purpose = get_object_or_404(Purpose, slug=slug)
    last = purpose.texts.first()
    initial = {"text": last.text, "text_en": last.text_en} if last else {}
    form = PurposeTextForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            add_purpose_text(purpose=purpose, **form.cleaned_data)
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        else:
            messages.success(
                request, _("The text has been saved. Everyone will be asked for their consent again.")
            )
            return redirect("privacy-purpose-texts")
    return render_desk_page(request, "purpose_text.html", form=form, purpose=purpose)
