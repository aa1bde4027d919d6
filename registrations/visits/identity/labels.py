"""Labels of list columns and identity fields."""

from django.utils.translation import gettext as _

from registrations.visits.models import IdentityField


def get_field_label(name: str) -> str:
    column_labels = {"last_name": _("Last name"), "first_name": _("First name"), "company": _("Company")}
    return column_labels.get(name) or str(IdentityField(name).label).capitalize()
