"""The directory in the back office: companies, people, who works where, roles and groups."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import BaseModelFormSet, ModelForm
from django.http import HttpRequest

from convention.audit.record import record
from convention.findable import FindableQuerySet

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


class Audited(admin.ModelAdmin[Any]):
    """Every change leaves a line in the audit trail: names of fields, never values."""

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm[Any], change: bool) -> None:  # noqa: FBT001 (Django's signature)
        """Save and record."""
        super().save_model(request, obj, form, change)
        verb = "change" if change else "add"
        record(f"{obj._meta.model_name}.{verb}", obj, fields=list(form.changed_data))

    def save_formset(
        self,
        request: HttpRequest,
        form: ModelForm[Any],
        formset: BaseModelFormSet[Any, Any],
        change: Any,
    ) -> None:
        """Save what stands beneath, such as roles and employments, and record each line of it."""
        super().save_formset(request, form, formset, change)
        for row in formset.new_objects:
            record(f"{row._meta.model_name}.add", row)
        for row, fields in formset.changed_objects:
            record(f"{row._meta.model_name}.change", row, fields=list(fields))
        for row in formset.deleted_objects:
            record(f"{row._meta.model_name}.delete", form.instance)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Record each of those that were ticked, and delete them."""
        for row in queryset:
            record(f"{row._meta.model_name}.delete", row)
        super().delete_queryset(request, queryset)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Record and delete."""
        record(f"{obj._meta.model_name}.delete", obj)
        super().delete_model(request, obj)


class Searched(Audited):
    """Found by folded words, as everywhere."""

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Those in whom every word is found; no row comes twice."""
        assert isinstance(queryset, FindableQuerySet)
        return queryset.matching(search_term), False


class CompanyRoles(admin.TabularInline[CompanyRole, Company]):
    """What the company is to the club, from a day to a day."""

    model = CompanyRole
    extra = 0


class Employments(admin.TabularInline[Employment, Any]):
    """Who works where, from a day to a day."""

    model = Employment
    extra = 0
    autocomplete_fields = ("person", "company")


class Contacts(admin.TabularInline[CompanyContact, Company]):
    """Who registers colleagues."""

    model = CompanyContact
    extra = 0
    autocomplete_fields = ("person",)


class ClubRoles(admin.TabularInline[ClubRole, Person]):
    """Roles for the whole club."""

    model = ClubRole
    extra = 0


class Mandates(admin.TabularInline[Mandate, WorkingGroup]):
    """Who leads, relays or writes."""

    model = Mandate
    extra = 0
    autocomplete_fields = ("person",)


@admin.register(Company)
class CompanyAdmin(Searched):
    """Companies with their dated roles."""

    list_display = ("name", "sector", "city")
    search_fields = ("search",)
    sortable_by = ("sector", "city")
    prepopulated_fields = {"slug": ("name",)}
    autocomplete_fields = ("parent",)
    inlines = (CompanyRoles, Contacts)


@admin.register(Person)
class PersonAdmin(Searched):
    """People with their employments and club roles; sign-in goes by a mailed code or a password."""

    list_display = ("last_name", "first_name", "email", "is_active")
    search_fields = ("search",)
    sortable_by = ("email", "is_active")
    fields = ("first_name", "last_name", "email", "language", "photo_consent", "is_active", "is_staff")
    inlines = (Employments, ClubRoles)


@admin.register(WorkingGroup)
class WorkingGroupAdmin(Searched):
    """Groups with their mandates."""

    list_display = ("name", "kind")
    search_fields = ("sort_name",)
    sortable_by = ("kind",)
    prepopulated_fields = {"slug": ("name",)}
    inlines = (Mandates,)


@admin.register(Plan)
class PlanAdmin(Audited):
    """What companies may subscribe to; a membership keeps the terms that it was agreed under."""

    list_display = ("name", "dues", "seats", "passes", "is_offered")
    prepopulated_fields = {"slug": ("name",)}
