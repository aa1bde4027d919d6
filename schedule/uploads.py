"""A schedule file between its preview and its import: kept in the database, a day at most."""

import datetime
import secrets
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.errors import Expired
from convention.events.models import Event

from .exchange.import_schedule import import_programme, preview_programme
from .exchange.read import read_upload
from .exchange.report import Report
from .models import Upload
from .wish import tidy

KEPT: Final = datetime.timedelta(days=1)
MOST_TITLES: Final = 200


def keep_upload(*, event: Event, name: str, data: bytes) -> Upload:
    """Try the file, keep it with what it would do. Raises Unreadable."""
    report = preview_programme(slug=event.slug, programme=read_upload(data, event_zone=event.zone))
    return Upload.objects.create(
        event=event,
        token=secrets.token_urlsafe(32),
        name=tidy(name),
        content=data,
        report=stored(report),
    )


def forget_old_uploads() -> None:
    """Recurring work: previews that nobody can use any more."""
    Upload.objects.filter(created_at__lte=timezone.now() - KEPT).delete()


def kept_uploads(event: Event, token: str) -> QuerySet[Upload]:
    """The file with this token, if a day has not gone by."""
    return Upload.objects.filter(event=event, token=tidy(token), created_at__gt=timezone.now() - KEPT)


def find_upload(event: Event, token: str) -> Upload:
    """Raises Expired."""
    found = kept_uploads(event, token).defer("content").first()
    if found is None:
        raise Expired(
            _("This preview is over: the file was imported, or a day went by. Choose the file again.")
        )
    return found


def import_upload(*, event: Event, token: str) -> Report:
    """Bring the kept file in, once. It is read before the transaction, which others have to wait for."""
    find_upload(event, token)
    content = bytes(kept_uploads(event, token).values_list("content", flat=True).first() or b"")
    programme = read_upload(content, event_zone=event.zone)
    with transaction.atomic():
        upload = kept_uploads(event, token).select_for_update().defer("content").first()
        if upload is None:
            find_upload(event, token)
        assert upload
        report = import_programme(slug=event.slug, programme=programme)
        upload.delete()
    return report


def stored(report: Report) -> dict[str, object]:
    """What a preview shows, as plain data."""
    return {
        "format": str(report.format.label),
        "added": [storable(title) for title in report.added[:MOST_TITLES]],
        "changed": [storable(title) for title in report.changed[:MOST_TITLES]],
        "gone": [storable(title) for title in report.gone[:MOST_TITLES]],
        "counts": {
            "added": len(report.added),
            "changed": len(report.changed),
            "unchanged": report.unchanged,
            "gone": len(report.gone),
        },
        "notes": [storable(str(group)) for group in report.groups],
    }


def storable(text: str) -> str:
    """The text without what no database keeps: NUL and halves of characters."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode()
