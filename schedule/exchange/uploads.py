"""Store an uploaded schedule file between its preview and its import, for a day at most."""

import datetime
import secrets
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.api.throttles import consume_rate_limit
from convention.club.models import Person
from convention.errors import LinkExpired
from convention.events.models import Event
from schedule.models import ScheduleUpload
from schedule.programme.agenda_filter import clean_query_value

from .importing.changes import SessionChange
from .importing.import_schedule import ImportTarget, import_programme, preview_programme
from .importing.report import ImportReport
from .read_schedule import read_schedule_in_child

UPLOAD_LIFETIME: Final = datetime.timedelta(days=1)
# The preview is stored as JSON and shown on one page; its counts are of all titles.
MAX_TITLES: Final = 200
# For each event: reading a file takes a process of its own, for up to its time limit.
MAX_FILES_READ_PER_HOUR: Final = 60


def save_upload(*, event: Event, file_name: str, data: bytes) -> ScheduleUpload:
    """Store the file with a preview of its import. Raise UnreadableFile and TooManyRequests."""
    throttle_reading(event)
    programme = read_schedule_in_child(data, event_zone=event.zone)
    report = preview_programme(slug=event.slug, programme=programme, target=ImportTarget.DRAFT)
    return ScheduleUpload.objects.create(
        event=event,
        token=secrets.token_urlsafe(32),
        name=clean_query_value(file_name),
        content=data,
        report=report_to_json(report),
    )


def throttle_reading(event: Event) -> None:
    """Count one file that is read. Raise TooManyRequests above the limit."""
    consume_rate_limit("schedule-files", str(event.pk), limit=MAX_FILES_READ_PER_HOUR, window_seconds=60 * 60)


def delete_old_uploads() -> None:
    """Delete expired uploads. A periodic job."""
    ScheduleUpload.objects.filter(created_at__lte=timezone.now() - UPLOAD_LIFETIME).delete()


def find_active_uploads(event: Event, token: str) -> QuerySet[ScheduleUpload]:
    return ScheduleUpload.objects.filter(
        event=event, token=clean_query_value(token), created_at__gt=timezone.now() - UPLOAD_LIFETIME
    )


def get_active_upload(event: Event, token: str) -> ScheduleUpload:
    """Return the upload with this token. Raise LinkExpired."""
    # The content has up to 20 MB, which only the import needs.
    upload = find_active_uploads(event, token).defer("content").first()
    if upload is None:
        raise LinkExpired(
            _(
                "This preview has expired: the file was already imported, or it is more than a day "
                "old. Choose the file again."
            )
        )
    return upload


def import_upload(*, event: Event, token: str, author: Person | None = None) -> ImportReport:
    """Import the stored file once: texts and speakers at once, times and rooms into the draft.

    Raise TooManyRequests, and LinkExpired if it was imported already, for example by an earlier click. The
    file is parsed before the transaction begins, since other changes of the event wait for its end.
    """
    get_active_upload(event, token)
    throttle_reading(event)
    content = bytes(find_active_uploads(event, token).values_list("content", flat=True).first() or b"")
    programme = read_schedule_in_child(content, event_zone=event.zone)
    with transaction.atomic():
        # Looked up again under a lock: two clicks at once must not import the file twice.
        upload = find_active_uploads(event, token).select_for_update().defer("content").first()
        if upload is None:
            get_active_upload(event, token)
        assert upload
        report = import_programme(
            slug=event.slug, programme=programme, author=author, target=ImportTarget.DRAFT
        )
        upload.delete()
    return report


def report_to_json(report: ImportReport) -> dict[str, object]:
    """Return the preview's content as JSON."""
    return {
        "format": str(report.format.label),
        "added": [strip_unstorable(title) for title in report.added[:MAX_TITLES]],
        "changed": [change_to_json(change) for change in report.changes[:MAX_TITLES]],
        "missing": [strip_unstorable(title) for title in report.missing[:MAX_TITLES]],
        "counts": {
            "added": len(report.added),
            "changed": len(report.changed),
            "unchanged": report.unchanged,
            "missing": len(report.missing),
        },
        "notes": [strip_unstorable(str(group)) for group in report.note_groups],
    }


def change_to_json(change: SessionChange) -> dict[str, object]:
    """Return the title and the fields, each with its value before and after."""
    return {
        "title": strip_unstorable(change.title),
        "fields": [
            {
                "label": field.label,
                "before": strip_unstorable(field.before),
                "after": strip_unstorable(field.after),
            }
            for field in change.fields
        ],
    }


def strip_unstorable(text: str) -> str:
    """Remove NUL and lone surrogates, which no database stores."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode()
