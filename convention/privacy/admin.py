"""Purposes in the back office: what the club asks an agreement for. Texts are written at the privacy desk."""

from django.contrib import admin

from .models import Purpose


@admin.register(Purpose)
class PurposeAdmin(admin.ModelAdmin[Purpose]):
    """What the club asks for."""

    list_display = ("name", "slug", "position")
    prepopulated_fields = {"slug": ("name",)}
