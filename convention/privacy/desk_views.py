"""Pages of the privacy desk: requests, what is held of somebody, retention with its report, texts."""

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
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from convention.club.doors import administers, administrator
from convention.downloads import archive
from convention.errors import InvalidFields
from convention.personal import Subject

from .consent import write_text
from .doors import case_of_desk, privacy_desk
from .erase import NotSettled, erase, subject_of_case
from .export import export
from .forms import DaysForm, EraseForm, NoteForm, RefuseForm, TextForm
from .held import Held, with_names
from .mentions import Mention
from .models import Case, Purpose, PurposeText, Sweep
from .request import answered, note_request, refuse
from .retention import KEPT_BY_LAW_YEARS, choose_days, kept, rule_named, run_rules
from .walk import obstacles, retained_by_law

if TYPE_CHECKING:
    from django.http import HttpRequest

read_or_write = require_http_methods(["GET", "HEAD", "POST"])
ANSWERED_SHOWN, RUNS_SHOWN = 50, 100


def page(request: "HttpRequest", template: str, **context: Any) -> HttpResponse:
    """A page of the desk."""
    may_set = administers(request.user)
    return render(request, f"privacy/{template}", {"section": "requests", "may_set": may_set, **context})


@never_cache
@require_safe
def desk(request: "HttpRequest") -> HttpResponse:
    """What awaits an answer, the soonest due first; what was answered last."""
    privacy_desk(request.user)
    rows = Case.objects.select_related("person")
    waiting = list(rows.open())
    done = list(rows.exclude(answered_at=None).order_by("-answered_at", "-pk")[:ANSWERED_SHOWN])
    return page(request, "desk.html", waiting=waiting, done=done)


@never_cache
@read_or_write
def note(request: "HttpRequest") -> HttpResponse:
    """Note a request that came by letter or mail."""
    by = privacy_desk(request.user)
    form = NoteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = note_request(by=by, **form.cleaned_data)
        messages.success(request, _("The request is noted, and the person is told that it came in."))
        return redirect("privacy-case", made.pk)
    return page(request, "note.html", form=form)


@never_cache
@require_safe
def case(request: "HttpRequest", pk: int) -> HttpResponse:
    """What is held of somebody, what an erasure would do, and what stands in its way."""
    found = case_of_desk(pk, request.user)
    return _case(request, found, erase_form=EraseForm(), refuse_form=RefuseForm())


def _case(request: "HttpRequest", found: Case, **forms: Any) -> HttpResponse:
    is_open = found.answered_at is None
    subject = with_names(subject_of_case(found)) if is_open else Subject()
    context = {
        "case": found,
        "name": str(found.person or found.email or f"#{found.pk}"),
        "found": Held(subject).found if is_open else [],
        "addresses": sorted(subject.addresses) if is_open else [],
        "obstacles": obstacles(subject) if is_open and found.kind == Case.Kind.ERASURE else [],
        "retained": retained_by_law(subject) if is_open else found.retained,
        "mentions": [Mention(*one) for one in found.mentions],
        **forms,
    }
    return page(request, "case.html", **context)


@require_POST
@reauthentication_required
def download(request: "HttpRequest", pk: int) -> HttpResponse:
    """All that is held, as one file to give to whoever asked."""
    found = case_of_desk(pk, request.user)
    content = export(subject=with_names(subject_of_case(found)))
    return archive(content, name=f"data-{found.pk}-{timezone.localdate():%Y-%m-%d}")


@never_cache
@require_POST
@reauthentication_required
def erase_case(request: "HttpRequest", pk: int) -> HttpResponse:
    """Erase, once the desk is sure."""
    found, by = case_of_desk(pk, request.user), privacy_desk(request.user)
    form = EraseForm(request.POST)
    if form.is_valid():
        try:
            erase(case=found, by=by)
        except NotSettled as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("Erased. What was done stands below, without a name."))
        return redirect("privacy-case", pk)
    return _case(request, found, erase_form=form, refuse_form=RefuseForm())


@never_cache
@require_POST
def refuse_case(request: "HttpRequest", pk: int) -> HttpResponse:
    """Say why not."""
    found, by = case_of_desk(pk, request.user), privacy_desk(request.user)
    form = RefuseForm(request.POST)
    if form.is_valid():
        refuse(case=found, by=by, reason=form.cleaned_data["reason"])
        messages.success(request, _("The person is told why not."))
        return redirect("privacy")
    return _case(request, found, erase_form=EraseForm(), refuse_form=form)


@require_POST
def answer_case(request: "HttpRequest", pk: int) -> HttpResponse:
    """The export was given."""
    answered(case=case_of_desk(pk, request.user), by=privacy_desk(request.user))
    messages.success(request, _("The request is answered."))
    return redirect("privacy")


@never_cache
@require_safe
def retention(request: "HttpRequest") -> HttpResponse:
    """How long each kind of data is kept, and what went when."""
    privacy_desk(request.user)
    runs = list(Sweep.objects.exclude(removed=0, error="")[:RUNS_SHOWN])
    names = {one.rule.slug: one.rule.name for one in kept()}
    report = [(run, names.get(run.rule, run.rule)) for run in runs]
    return page(request, "retention.html", kept=kept(), report=report, years=KEPT_BY_LAW_YEARS)


@read_or_write
def days(request: "HttpRequest", slug: str) -> HttpResponse:
    """Choose for how long one kind of data is kept."""
    administrator(request.user)
    rule = rule_named(slug)
    [now] = [one.days for one in kept() if one.rule == rule]
    form = DaysForm(request.POST or None, initial={"days": now})
    if request.method == "POST" and form.is_valid():
        try:
            choose_days(slug=slug, **form.cleaned_data)
        except InvalidFields as error:
            form.add_errors(error.fields)
        else:
            messages.success(request, _("The time is saved; it holds from the next run."))
            return redirect("privacy-retention")
    return page(request, "days.html", form=form, rule=rule)


@require_POST
def run(request: "HttpRequest") -> HttpResponse:
    """Run all rules now instead of at night."""
    administrator(request.user)
    removed = sum(sweep.removed for sweep in run_rules(at=timezone.now()))
    words = ngettext("%(count)d entry was removed.", "%(count)d entries were removed.", removed)
    messages.success(request, words % {"count": removed})
    return redirect("privacy-retention")


@require_safe
def texts(request: "HttpRequest") -> HttpResponse:
    """What people are asked to agree to, each version, and how many stand by it."""
    privacy_desk(request.user)
    counted = PurposeText.objects.annotate(
        standing=Count("consents", filter=Q(consents__withdrawn_at__isnull=True))
    )
    purposes = Purpose.objects.prefetch_related(Prefetch("texts", queryset=counted))
    return page(request, "texts.html", purposes=purposes)


@read_or_write
def new_text(request: "HttpRequest", slug: str) -> HttpResponse:
    """Another version of a text."""
    administrator(request.user)
    purpose = get_object_or_404(Purpose, slug=slug)
    last = purpose.texts.first()
    initial = {"text": last.text, "text_en": last.text_en} if last else {}
    form = TextForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            write_text(purpose=purpose, **form.cleaned_data)
        except InvalidFields as error:
            form.add_errors(error.fields)
        else:
            messages.success(request, _("The text is saved: everybody is asked anew."))
            return redirect("privacy-texts")
    return page(request, "text.html", form=form, purpose=purpose)
