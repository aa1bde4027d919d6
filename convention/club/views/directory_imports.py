"""Pages that import a list of companies and people, and undo an import."""

import datetime
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET

from convention import hooks
from convention.club.directory_import.columns import get_column_labels, guess_columns, is_directory_heading
from convention.club.directory_import.correct_rows import CheckedList, check_list, exclude_rows
from convention.club.directory_import.employer_choices import (
    EmployerChoice,
    EmployerChoices,
    EmployerOutcome,
    decode_employer_choices,
    load_chosen_conflicts,
)
from convention.club.directory_import.import_directory import (
    DirectoryPreview,
    import_directory,
    load_remembered_columns,
    preview_directory_import,
)
from convention.club.directory_import.jobs import IMPORT_JOB, UNDO_JOB
from convention.club.directory_import.listed_memberships import (
    NewMemberships,
    encode_last_day,
    propose_last_day,
)
from convention.club.directory_import.membership_cells import MEMBERSHIP_FIELDS
from convention.club.directory_import.namesakes import load_chosen_namesakes
from convention.club.directory_import.preview import build_import_preview
from convention.club.directory_import.same_companies import SameCompany, decode_same_companies
from convention.club.directory_import.same_people import SamePerson, decode_same_people
from convention.club.directory_import.seat_requests import MissingMembership
from convention.club.directory_import.undo import preview_undo, undo_directory_import
from convention.club.models import DirectoryImport, Market, Person, Plan
from convention.club.permissions import require_directory_manager, require_signed_in
from convention.errors import UnreadableFile
from convention.tables.downloads import TABLE_TYPES, table_response
from convention.tables.files import ParsedTable
from convention.tables.import_payload import MAX_IMMEDIATE_ROWS, pack_import
from convention.tables.row_errors import InvalidRows, shorten_lines
from convention.tables.upload_form import (
    TableUploadForm,
    build_error_sheet,
    list_column_choices,
    write_numbered_csv,
)
from convention.web.forms import DayField
from convention.web.routing import require_safe_or_post

from .base import ROWS_PER_PAGE, render_club_page, warn_of_roles_to_replace

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

# Questions on companies, on people, and on employers. Each sends two fields, and a request has at most
# DATA_UPLOAD_MAX_NUMBER_FIELDS.
MAX_QUESTIONS: Final = 300
ROW_NUMBER_PATTERN = re.compile(r"\d{1,9}", re.ASCII)


# Yes or no: boxes of the page, and the button that leaves the rows with errors out.
FLAGS: Final = ("skip_seats", "confirm_memberships", "leave_out_errors")


@dataclass(frozen=True)
class ImportChoices:
    """The answers to the questions of a preview.

    They say who and what of the list is known under another name, and who changes employer; `flags` are the
    chosen ones of `FLAGS`.
    """

    same_companies: tuple[SameCompany, ...] = ()
    same_people: tuple[SamePerson, ...] = ()
    employers: tuple[EmployerChoice, ...] = ()
    flags: frozenset[str] = frozenset()
    default_ends_on: datetime.date | None = None

    @property
    def missing_membership(self) -> MissingMembership:
        return MissingMembership.SKIP_SEATS if "skip_seats" in self.flags else MissingMembership.REFUSE

    @property
    def new_memberships(self) -> NewMemberships:
        is_ticked = "confirm_memberships" in self.flags
        return NewMemberships.CONFIRM if is_ticked else NewMemberships.DRAFT

    @property
    def leaves_out_errors(self) -> bool:
        return "leave_out_errors" in self.flags

    def encode(self) -> list[str]:
        return [
            *(choice.encode() for choice in self.same_companies),
            *(choice.encode() for choice in self.same_people),
            *(choice.encode() for choice in self.employers),
            self.missing_membership.value,
            self.new_memberships.value,
            *encode_last_day(self.default_ends_on),
        ]


class LastDayForm(forms.Form):
    """The last day of new memberships for which the list has none."""

    default_ends_on = DayField(
        label=gettext_lazy("Last day of new memberships without an end date in the list"),
        required=False,
        help_text=gettext_lazy(
            "Leave empty for no end date. It does not apply to memberships that begin later. If you change "
            "it, the list is checked again before anything is imported."
        ),
    )

    @classmethod
    def from_request(cls, request: "HttpRequest", prefix: str = "") -> "LastDayForm":
        """Return the form with the day of the field, or of the button that proposes one."""
        day = request.POST.get(f"{prefix}default_ends_on", "")
        form = cls({"default_ends_on": request.POST.get("proposed_ends_on", day) if not prefix else day})
        # The field is part of the form of the columns, further down.
        form.fields["default_ends_on"].widget.attrs["form"] = "columns"
        return form

    @property
    def day(self) -> datetime.date | None:
        """Return the day, None if it is empty or refused."""
        day: datetime.date | None = self.cleaned_data.get("default_ends_on") if self.is_valid() else None
        return day


@require_safe_or_post
def directory_import_create(request: "HttpRequest") -> "HttpResponse":
    """Check an uploaded list, then import it; the parsed list is posted back by the form."""
    manager = require_directory_manager(request.user)
    form = TableUploadForm(request.POST or None, request.FILES or None, is_heading=is_directory_heading)
    context: dict[str, Any] = {
        "form": form,
        "markets": Market.objects.all(),
        "plans": Plan.objects.filter(is_offered=True),
        "max_immediate_rows": MAX_IMMEDIATE_ROWS,
    }
    if request.method == "POST" and form.is_valid():
        try:
            labels = context["fields"] = get_column_labels()
            # The fields that the user chose for the columns take precedence over guesses.
            remembered = load_remembered_columns()
            picks = form.chosen_fields(labels) or guess_columns(form.table.header, remembered)
            context["columns"] = list_column_choices(form.table, picks, remembered)
            context |= {"checked_text": form.checked_text, "file_name": form.file_name, "table": form.table}
            choices = _get_choices(request, form)
            context |= _build_choices_context(choices, manager, picks)
            context["last_day_form"] = LastDayForm.from_request(request)
            # Sent by neither of the other buttons: the list was checked and is to be imported.
            if _is_checked(request, form, choices):
                return _import_or_enqueue(request, form, picks, choices)
            checked = check_list(form.table, partial(_preview, picks=picks, choices=choices, manager=manager))
            if checked.errors and (kind := request.POST.get("errors")) in TABLE_TYPES:
                sheet = build_error_sheet(form.table, checked.errors)
                return table_response(sheet, name=sheet.title, kind=kind)
            context |= _build_result_context(checked, choices)
        except InvalidRows as error:
            context |= _build_error_context(error)
        except UnreadableFile as error:
            form.add_error("file", str(error))
    return render_club_page(request, "import.html", **context)


def _preview(
    table: ParsedTable, *, picks: list[str], choices: ImportChoices, manager: Person
) -> DirectoryPreview:
    return preview_directory_import(
        table=table,
        picks=picks,
        same_companies=choices.same_companies,
        same_people=choices.same_people,
        actor=manager,
        missing_membership=choices.missing_membership,
        employer_choices=EmployerChoices(choices.employers, undecided=EmployerOutcome.LEAVE_OUT),
        new_memberships=choices.new_memberships,
        default_ends_on=choices.default_ends_on,
    )


def _get_choices(request: "HttpRequest", form: TableUploadForm) -> ImportChoices:
    """Return the answers to the questions of the preview; for a new file only the flags."""
    choices = _decode_choices(request)
    return ImportChoices(flags=choices.flags) if form.cleaned_data.get("file") else choices


def _decode_choices(request: "HttpRequest", prefix: str = "") -> ImportChoices:
    """Return the choices in the fields with that prefix."""
    return ImportChoices(
        decode_same_companies(request.POST.getlist(f"{prefix}same_company")),
        decode_same_people(request.POST.getlist(f"{prefix}same_person")),
        decode_employer_choices(request.POST.getlist(f"{prefix}employer_choice")),
        frozenset(name for name in FLAGS if f"{prefix}{name}" in request.POST),
        LastDayForm.from_request(request, prefix).day,
    )


def _build_choices_context(choices: ImportChoices, manager: Person, picks: list[str]) -> dict[str, Any]:
    return {
        "same_companies": choices.same_companies,
        "chosen_namesakes": list(load_chosen_namesakes(choices.same_people, manager)),
        "employer_conflicts": list(load_chosen_conflicts(choices.employers)),
        "flags": choices.flags,
        "has_seat_column": "seat" in picks,
        "has_membership_columns": not MEMBERSHIP_FIELDS.keys().isdisjoint(picks),
    }


def _build_result_context(checked: CheckedList, choices: ImportChoices) -> dict[str, Any]:
    """Return the errors, and the preview if all rows are correct or only the correct ones are imported."""
    context = _build_error_context(checked.errors) if checked.errors else {}
    if checked.preview is None:
        return context
    context["correct_row_count"] = len(checked.correct_rows.rows)
    if checked.errors is None or choices.leaves_out_errors:
        context["left_out_rows"] = " ".join(map(str, checked.wrong_row_numbers))
        context |= _build_preview_context(checked.preview, choices)
    return context


def _build_error_context(errors: InvalidRows) -> dict[str, Any]:
    return {"bad_rows": errors, "bad_lines": shorten_lines(errors.lines())}


def _build_preview_context(preview: DirectoryPreview, choices: ImportChoices) -> dict[str, Any]:
    """Return the preview, with as many questions as one request can answer."""
    companies, namesakes = preview.similar_companies, preview.namesakes
    conflicts = preview.changes.employer_conflicts
    max_companies = max(0, MAX_QUESTIONS - len(choices.same_companies))
    max_namesakes = max(0, MAX_QUESTIONS - len(choices.same_people))
    return {
        "preview": preview.changes,
        "details": build_import_preview(preview.changes),
        "endless_memberships": preview.changes.endless_memberships,
        "proposed_last_day": propose_last_day(preview.changes.endless_memberships),
        "similar_companies": companies[:max_companies],
        "other_company_count": max(0, len(companies) - max_companies),
        "namesakes": namesakes[:max_namesakes],
        "other_namesake_count": max(0, len(namesakes) - max_namesakes),
        # Those with a choice are among them.
        "employer_conflicts": conflicts[:MAX_QUESTIONS],
        "other_conflict_count": max(0, len(conflicts) - MAX_QUESTIONS),
    }


def _is_checked(request: "HttpRequest", form: TableUploadForm, choices: ImportChoices) -> bool:
    """Return whether the list was checked with these choices, and is to be imported now."""
    if form.needs_check or not LastDayForm.from_request(request).is_valid():
        return False
    return not _has_other_choices(request, choices)


def _has_other_choices(request: "HttpRequest", choices: ImportChoices) -> bool:
    """Return whether the choices are not those of the preview that was shown."""
    previewed = _decode_choices(request, "previewed_")
    return choices.flags != previewed.flags or {*choices.encode()} != {*previewed.encode()}


def _get_left_out_rows(request: "HttpRequest", choices: ImportChoices) -> set[int]:
    """Return the numbers of the rows with errors that the preview left out."""
    texts = request.POST.get("left_out_rows", "").split() if choices.leaves_out_errors else []
    return {int(text) for text in texts if ROW_NUMBER_PATTERN.fullmatch(text)}


def _import_or_enqueue(
    request: "HttpRequest",
    form: TableUploadForm,
    picks: list[str],
    choices: ImportChoices,
) -> "HttpResponse":
    table = exclude_rows(form.table, _get_left_out_rows(request, choices))
    rows = len(table.rows)
    # A longer import would exceed the time of a request.
    if rows > MAX_IMMEDIATE_ROWS:

        def write_title() -> str:
            return ngettext("Import of %(rows)d row", "Import of %(rows)d rows", rows) % {"rows": rows}

        payload = pack_import(
            text=write_numbered_csv(table), picks=picks, name=form.file_name, options=choices.encode()
        )
        return _enqueue_job(request, kind=IMPORT_JOB, title=write_title, payload=payload)
    changes = import_directory(
        table=table,
        picks=picks,
        file_name=form.file_name,
        same_companies=choices.same_companies,
        same_people=choices.same_people,
        actor=require_signed_in(request.user),
        missing_membership=choices.missing_membership,
        employer_choices=EmployerChoices(choices.employers),
        new_memberships=choices.new_memberships,
        default_ends_on=choices.default_ends_on,
    )
    messages.success(request, str(changes))
    if left_out_count := len(form.table.rows) - rows:
        sentence = ngettext(
            "%(count)d row with errors was not imported. Correct it in the file that you downloaded.",
            "%(count)d rows with errors were not imported. Correct them in the file that you downloaded.",
            left_out_count,
        )
        messages.warning(request, sentence % {"count": left_out_count})
    for change in changes.employer_changes:
        warn_of_roles_to_replace(request, change.employment.person)
    return redirect("club-imports")


def _enqueue_job(request: "HttpRequest", **work: str | Callable[[], str]) -> "HttpResponse":
    """Start a background job of the club, and redirect to its progress."""
    start_job = hooks.start_job.provider()
    return redirect(
        "club-long-job", start_job(event=None, requested_by=require_signed_in(request.user), **work).pk
    )


@require_GET
def directory_import_list(request: "HttpRequest") -> "HttpResponse":
    """List past imports, the latest first."""
    require_directory_manager(request.user)
    rows = DirectoryImport.objects.select_related("imported_by")
    return render_club_page(
        request, "imports.html", page_obj=Paginator(rows, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    )


@require_safe_or_post
def directory_import_undo(request: "HttpRequest", pk: int) -> "HttpResponse":
    """Preview the undoing of an import; a POST executes it."""
    manager = require_directory_manager(request.user)
    import_record = get_object_or_404(DirectoryImport.objects.select_related("imported_by"), pk=pk)
    if request.method == "POST":
        if import_record.affected_row_count > MAX_IMMEDIATE_ROWS:

            def write_title() -> str:
                return _("Undoing import %(run)s") % {"run": import_record}

            return _enqueue_job(request, kind=UNDO_JOB, title=write_title, argument=str(import_record.pk))
        messages.success(request, str(undo_directory_import(import_record=import_record, actor=manager)))
        return redirect("club-imports")
    return render_club_page(
        request,
        "import_undo.html",
        run=import_record,
        preview=preview_undo(import_record, actor=manager) if import_record.can_be_undone else None,
    )
