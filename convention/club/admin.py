"""Back office of companies, people, groups and plans."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import BaseModelFormSet, ModelForm
from django.http import HttpRequest

from convention.audit.record import record_action
from convention.db.searchable import SearchableQuerySet

from .models import (
    ClubRole,
    Company,
    CompanyContact,
    CompanyRole,
    Employment,
    Mandate,
    Person,
    Plan,
    WorkingGroup,
)


class AuditedAdmin(admin.ModelAdmin[Any]):
    """An admin that records every change in the audit trail: names of fields, never values."""

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm[Any], change: bool) -> None:  # noqa: FBT001 (Django's signature)
        super().save_model(request, obj, form, change)
        verb = "change" if change else "add"
        record_action(f"{obj._meta.model_name}.{verb}", obj, fields=list(form.changed_data))

    def save_formset(
        self,
        request: HttpRequest,
        form: ModelForm[Any],
        formset: BaseModelFormSet[Any, Any],
        change: Any,
    ) -> None:
        """Save the inline rows, such as roles and employments, and record each of them."""
        super().save_formset(request, form, formset, change)
        for row in formset.new_objects:
            record_action(f"{row._meta.model_name}.add", row)
        for row, fields in formset.changed_objects:
            record_action(f"{row._meta.model_name}.change", row, fields=list(fields))
        for row in formset.deleted_objects:
            # A deleted row has no key any more, so the entry names its parent.
            record_action(f"{row._meta.model_name}.delete", form.instance)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        # Before the deletion, while the rows still have keys.
        for row in queryset:
            record_action(f"{row._meta.model_name}.delete", row)
        super().delete_queryset(request, queryset)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        record_action(f"{obj._meta.model_name}.delete", obj)
        super().delete_model(request, obj)


class SearchableAdmin(AuditedAdmin):
    """An admin that searches by normalized words, like the other pages."""

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Return the rows that contain every word; False says that no row comes twice."""
        assert isinstance(queryset, SearchableQuerySet)
        # Django's own search would compare accents and capitals, and miss "Élodie" for "elodie".
        return queryset.search_for(search_term), False


class CompanyRoleInline(admin.TabularInline[CompanyRole, Company]):
    model = CompanyRole
    extra = 0


class EmploymentInline(admin.TabularInline[Employment, Any]):
    model = Employment
    extra = 0
    autocomplete_fields = ("person", "company")


class CompanyContactInline(admin.TabularInline[CompanyContact, Company]):
    model = CompanyContact
    extra = 0
    autocomplete_fields = ("person",)


class ClubRoleInline(admin.TabularInline[ClubRole, Person]):
    model = ClubRole
    extra = 0


class MandateInline(admin.TabularInline[Mandate, WorkingGroup]):
    model = Mandate
    extra = 0
    autocomplete_fields = ("person",)


@admin.register(Company)
class CompanyAdmin(SearchableAdmin):
    """Companies with their roles and contacts."""

    list_display = ("name", "sector", "city")
    search_fields = ("search",)
    # Not by name: the model's order by `sort_name` is that of a French list, a sort by the column is not.
    sortable_by = ("sector", "city")
    prepopulated_fields = {"slug": ("name",)}
    # Its changes are recorded where the directory's pages change it.
    exclude = ("note",)
    autocomplete_fields = ("parent",)
    inlines = (CompanyRoleInline, CompanyContactInline)


@admin.register(Person)
class PersonAdmin(SearchableAdmin):
    """People with their employments and club roles."""

    list_display = ("last_name", "first_name", "email", "is_active")
    search_fields = ("search",)
    sortable_by = ("email", "is_active")
    # No groups and no permissions of Django: roles of the club decide who may do what.
    # No note: its changes are recorded where the directory's pages change it.
    fields = (
        "first_name",
        "last_name",
        "email",
        "phone",
        "language",
        "photo_consent",
        "is_active",
        "is_staff",
    )
    inlines = (EmploymentInline, ClubRoleInline)


@admin.register(WorkingGroup)
class WorkingGroupAdmin(SearchableAdmin):
    """Working groups with their mandates."""

    list_display = ("name", "kind")
    search_fields = ("sort_name",)
    sortable_by = ("kind",)
    prepopulated_fields = {"slug": ("name",)}
    inlines = (MandateInline,)


@admin.register(Plan)
class PlanAdmin(AuditedAdmin):
    """Membership plans; changing one does not change memberships, which copy the terms."""

    list_display = ("name", "dues_cents", "seats", "passes", "is_offered")
    prepopulated_fields = {"slug": ("name",)}
