"""The audit trail in the back office: to be read, never changed."""

from django.contrib import admin
from django.http import HttpRequest

from .models import Entry


@admin.register(Entry)
class EntryAdmin(admin.ModelAdmin[Entry]):
    """Who did what, when and why."""

    list_display = ("at", "actor", "means", "verb", "event", "subject", "reason")
    list_filter = ("verb", "means")
    search_fields = ("verb", "event", "subject")
    date_hierarchy = "at"
    list_select_related = ("actor",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody writes it by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Entry | None = None) -> bool:
        """Nobody rewrites it."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Entry | None = None) -> bool:
        """Nobody takes lines out."""
        return False
