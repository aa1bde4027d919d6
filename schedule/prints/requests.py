"""Request, make and delete printed files."""

import datetime
import tempfile
from typing import BinaryIO, Final

from django.core.files import File
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from convention.audit.record import record_action
from convention.club.models import Person
from convention.errors import ConventionError
from convention.events.models import Event
from schedule.models import AgendaPrint
from schedule.paper.print_options import PrintOptions
from schedule.paper.sheet_kinds import normalize_options, require_comparison

from .fingerprint import fingerprint_printed_content, get_options_key
from .make_print import PAGE_COUNTS_KIND, count_pages_by_depth, write_print
from .tasks import make_agenda_print

# For each event. Outdated files are deleted after a day, so normal use does not reach this limit.
MAX_STORED_PRINTS: Final = 200
OUTDATED_FILE_LIFETIME: Final = datetime.timedelta(days=1)
PRINT_LIFETIME: Final = datetime.timedelta(days=400)
MAX_DRAWINGS: Final = 3
CHANGED_SENTENCE: Final = gettext_lazy(
    "The programme changed while this file was being created. Create it again."
)


class ProgrammeChanged(ConventionError):
    kind = "programme-changed"


class TooManyPrints(ConventionError):
    kind = "too-many-prints"
    status = 409


def find_current_print(event: Event, options: PrintOptions) -> AgendaPrint | None:
    """Return the print of the programme as it is now, made or waiting; None if nobody requested it."""
    return AgendaPrint.objects.filter(
        event=event,
        options_key=get_options_key(normalize_options(options)),
        fingerprint=fingerprint_printed_content(event),
    ).first()


@transaction.atomic
def request_print(*, event: Event, options: PrintOptions, requested_by: Person | None = None) -> AgendaPrint:
    """Return the print with these options of the programme as it is now, queued if it is not made yet.

    Raise UnknownFormatError, UnknownPaperError and TooManyPrints.
    """
    options = normalize_options(options)
    require_comparison(event, options)
    Event.objects.select_for_update().get(pk=event.pk)
    row = find_current_print(event, options)
    if row is not None and row.state != AgendaPrint.State.FAILED and not row.is_lost:
        return row
    if row is not None:
        delete_print(row)
    elif event.agenda_prints.exclude(file="").count() >= MAX_STORED_PRINTS:
        raise TooManyPrints(
            _("%(count)s printed files of this event are stored. Wait a day, or print fewer at once.")
            % {"count": MAX_STORED_PRINTS}
        )
    row = AgendaPrint.objects.create(
        event=event,
        kind=options.kind,
        options=options.to_json(),
        options_key=get_options_key(options),
        fingerprint=fingerprint_printed_content(event),
        requested_by=requested_by,
    )
    if requested_by:
        record_action("schedule.print", row, event=event, fields=[options.kind])
    make_agenda_print.enqueue(row.pk)
    return row


@transaction.atomic
def find_page_counts(event: Event) -> dict[str, int]:
    """Return the pages of the booklet by depth; {} while the worker counts them, which this requests."""
    options, fingerprint = PrintOptions(kind=PAGE_COUNTS_KIND), fingerprint_printed_content(event)
    row, is_new = AgendaPrint.objects.get_or_create(
        event=event,
        options_key=get_options_key(options),
        fingerprint=fingerprint,
        defaults={"kind": options.kind, "options": options.to_json()},
    )
    if row.state == AgendaPrint.State.FAILED:
        row.error, row.finished_at = "", None
        row.save(update_fields=["error", "finished_at"])
        is_new = True
    if is_new:
        make_agenda_print.enqueue(row.pk)
    counts: dict[str, int] = row.page_counts
    return counts


def make_print(row: AgendaPrint) -> None:
    """Draw the file of a print and store it, with the state of the programme that it shows.

    The sentence of a ConventionError is stored with the print; other errors are raised.
    """
    with tempfile.TemporaryFile() as file:
        options = PrintOptions.from_json(row.options)
        try:
            draw_print(row, options, file)
        except ConventionError as error:
            with override(options.language):
                row.error = str(error)
        store_print(row, file)


def draw_print(row: AgendaPrint, options: PrintOptions, file: BinaryIO) -> None:
    """Draw the file, again if the programme changed meanwhile, so that it shows one state of it.

    Raise ProgrammeChanged if it changed each time.
    """
    for _attempt in range(MAX_DRAWINGS):
        file.seek(0)
        file.truncate()
        row.event = Event.objects.get(pk=row.event_id)
        row.fingerprint = fingerprint_printed_content(row.event)
        row.version = row.event.schedule_versions.order_by("-number").first()
        if row.kind == PAGE_COUNTS_KIND:
            row.page_counts = count_pages_by_depth(row.event)
        else:
            row.page_count = write_print(row.event, options, file)
        if fingerprint_printed_content(row.event) == row.fingerprint:
            return
    row.page_count, row.page_counts = 0, {}
    raise ProgrammeChanged(CHANGED_SENTENCE)


def store_print(row: AgendaPrint, file: BinaryIO) -> None:
    """Save the row with its file; if the same state was printed meanwhile, with an error."""
    row.finished_at, row.byte_count = timezone.now(), file.tell() if row.page_count else 0
    try:
        with transaction.atomic():
            if row.page_count:
                file.seek(0)
                row.file.save(f"{row.event.slug[:50]}-{row.pk}.pdf", File(file), save=False)
            row.save()
    except IntegrityError:
        stored = AgendaPrint.objects.filter(pk=row.pk).values_list("fingerprint", flat=True).get()
        row.fingerprint, row.file = stored, ""
        with override(PrintOptions.from_json(row.options).language):
            row.error = str(CHANGED_SENTENCE)
        row.save()


def delete_print(row: AgendaPrint) -> None:
    """Delete a print and its file."""
    row.file.delete(save=False)
    row.delete()


def find_last_printed_number(event: Event, kind: str) -> int | None:
    """Return the number of the last version of which an organizer printed that kind; None without one.

    Changes are compared with what is on paper in any kind.
    """
    rows = event.agenda_prints.filter(page_count__gt=0, requested_by__isnull=False).exclude(version=None)
    rows = rows.exclude(kind="changes") if kind == "changes" else rows.filter(kind=kind)
    number: int | None = rows.order_by("-finished_at").values_list("version__number", flat=True).first()
    return number


def delete_outdated_files() -> None:
    """Delete files of past states of the programme, and old prints as a whole. A periodic job.

    The rows stay for a while, as a record of what was printed last.
    """
    AgendaPrint.objects.filter(created_at__lt=timezone.now() - PRINT_LIFETIME, file="").delete()
    outdated_since = timezone.now() - OUTDATED_FILE_LIFETIME
    rows = AgendaPrint.objects.exclude(file="").filter(finished_at__lt=outdated_since)
    fingerprints: dict[int, str] = {}
    for row in rows.select_related("event"):
        current = fingerprints.setdefault(row.event_id, "") or fingerprint_printed_content(row.event)
        fingerprints[row.event_id] = current
        if row.fingerprint != current:
            row.file.delete(save=False)
            row.file = ""
            row.save(update_fields=["file"])
