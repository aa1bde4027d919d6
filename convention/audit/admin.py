"""The audit trail in the back office, read-only."""

from django.contrib import admin
from django.http import HttpRequest

from .models import AuditEntry


@admin.register(AuditEntry)
class AuditEntryAdmin(admin.ModelAdmin[AuditEntry]):
    """Read-only list of entries."""

    list_display = ("created_at", "actor", "channel", "verb", "event", "subject", "reason")
    list_filter = ("verb", "channel")
    search_fields = ("verb", "event", "subject")
    date_hierarchy = "created_at"
    # Otherwise each row of the list would query its actor.
    list_select_related = ("actor",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return False
