"""Forms of club roles, working groups, mandates and plans."""

from typing import Any, Final

from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _

from convention.club.appointments.forms import AppointByEmailForm
from convention.club.forms.companies import UniqueNameForm
from convention.club.models import MAX_SEATS, ClubRole, Mandate, Plan, WorkingGroup
from convention.web.forms import EurosField, HundredthsField, limit_number

MAX_CHARTER_CHARS: Final = 20_000


class ClubRoleForm(AppointByEmailForm):
    """A person to give a role of the club, found by e-mail."""

    role = forms.ChoiceField(label=_("Role"), choices=ClubRole.Role.choices)


class MandateForm(AppointByEmailForm):
    """A person to give a role in a working group, found by e-mail."""

    role = forms.ChoiceField(label=_("Role"), choices=Mandate.Role.choices)


class WorkingGroupForm(UniqueNameForm):
    """A working group without its slug."""

    class Meta:
        model = WorkingGroup
        fields = ["name", "kind", "charter"]
        widgets = {"charter": forms.Textarea(attrs={"rows": 8})}
        help_texts = {"charter": _("What the group is for and how it works.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["charter"].validators.append(MaxLengthValidator(MAX_CHARTER_CHARS))


class PercentField(HundredthsField):
    """A rate typed in percent and stored in hundredths of a percent."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_value": 100, "initial": 0, **kwargs})


class PlanForm(UniqueNameForm):
    """A plan without its slug; the reason for no VAT follows from the rate."""

    dues_cents = EurosField(label=_("Dues, in euros"), help_text=_("Per year, including VAT."))
    extra_seat_price_cents = EurosField(label=_("Price of an extra seat, in euros"))
    vat_rate = PercentField(
        label=_("VAT rate (%)"),
        help_text=_("0 for an association whose dues are exempt from VAT."),
    )

    class Meta:
        model = Plan
        fields = [
            "name", "name_en", "dues_cents", "vat_rate", "seats", "extra_seat_price_cents", "passes", "votes",
            "position", "is_offered",
        ]  # fmt: skip
        help_texts = {
            "position": _("Plans are listed by this number, the lowest first."),
            "is_offered": _("If this is not ticked, the plan cannot be chosen for a new membership."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        limit_number(self.fields["seats"], at_least=0, at_most=MAX_SEATS)

    def clean(self) -> dict[str, Any]:
        """Derive the reason for no VAT from the rate."""
        data = super().clean() or self.cleaned_data
        default = Plan._meta.get_field("exemption").get_default()
        self.instance.exemption = "" if data.get("vat_rate") else self.instance.exemption or default
        return data
