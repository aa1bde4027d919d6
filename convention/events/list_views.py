"""Lists of an event as files: one view for those of every app."""

from collections.abc import Callable, Mapping

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from convention.audit.record import record
from convention.downloads import Sheet, download

from .doors import event_to_organize
from .models import Event


def view_of(lists: Mapping[str, Callable[[Event], Sheet]]) -> Callable[..., HttpResponse]:
    """The view that gives one of these lists of an event, whole, to who runs it."""

    @require_GET
    def export(request: HttpRequest, event: str, name: str, kind: str) -> HttpResponse:
        """One list, as a file of that kind."""
        found = event_to_organize(event, request.user)
        record(f"{name}.export", found, event=found, fields=[kind])
        return download(lists[name](found), name=f"{found.slug}-{name}", kind=kind)

    return export
