"""Brief: what visitors must know of safety on the site, said by the host."""

from django.db import transaction

from convention.audit.record import record

from .models import HostContact, Visit

FIELDS = ("briefing", "briefing_en")


@transaction.atomic
def change_briefing(*, visit: Visit, briefing: str, briefing_en: str, by: HostContact | None = None) -> None:
    """Write it in both languages; an English one that is empty leaves the French for all."""
    Visit.objects.filter(pk=visit.pk).update(briefing=briefing.strip(), briefing_en=briefing_en.strip())
    reason = f"host contact #{by.pk}" if by else ""
    record("visit.brief", visit, event=visit.event, fields=list(FIELDS), reason=reason)
