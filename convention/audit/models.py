"""The audit trail: rows are added, never changed."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


# `on_delete=SET_NULL` and the redaction of an erasure use plain querysets without this guard: a name can be
# removed from an entry, an action cannot.
class AuditEntryQuerySet(models.QuerySet["AuditEntry"]):
    """Entries; refuses updates and deletions."""

    def update(self, **_kwargs: Any) -> int:
        raise TypeError("The audit trail is only ever added to.")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise TypeError("The audit trail is only ever added to.")


class AuditEntry(models.Model):
    """One action with its actor, object and reason; it names the changed fields.

    Of their values it has only those in `details`, which are never personal data.
    """

    created_at = models.DateTimeField(_("at"), auto_now_add=True, db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    channel = models.CharField(_("channel"), max_length=20, default="page")
    verb = models.CharField(_("action"), max_length=60)
    # The slug instead of a foreign key: events are a layer above, and an entry outlasts its event.
    event = models.CharField(_("event"), max_length=80, blank=True, db_index=True)
    # `app.model:key` instead of a generic relation: an entry outlasts its object.
    subject = models.CharField(_("subject"), max_length=120)
    fields = models.JSONField(_("fields"), default=list, blank=True)
    # Such as short names of tickets and amounts in cents: an erasure leaves them as they are.
    details = models.JSONField(_("details"), default=dict, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    request_id = models.CharField(max_length=40, blank=True)

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M} {self.verb} {self.subject}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the entry; refuse to change one."""
        if not self._state.adding:
            raise TypeError("The audit trail is only ever added to.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise TypeError("The audit trail is only ever added to.")
