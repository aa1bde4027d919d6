"""Django admin of consent purposes; their texts are edited on the pages of privacy requests."""

from django.contrib import admin

from .models import Purpose


@admin.register(Purpose)
class PurposeAdmin(admin.ModelAdmin[Purpose]):
    list_display = ("name", "slug", "position")
    prepopulated_fields = {"slug": ("name",)}
