"""An organizer's form for a ticket, with its price steps."""

import datetime
import decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from convention.events.forms import WallClock, set_zone
from convention.events.models import Event
from convention.refusable import Refusable

from ..models import PriceStep, Ticket
from ..models.offered import Offered
from ..price_words import say_rate
from ..vat import EXEMPTIONS, RATES
from .names import ShortName, chosen_name

MOMENTS = ("opens_at", "closes_at")
MOST_STEPS = 6


def rates() -> list[tuple[int, str]]:
    """The rates of VAT, as one writes them."""
    return [(rate, _("%(rate)s\u00a0%%") % {"rate": say_rate(rate)}) for rate in RATES]


class SoldForm[Row: Offered](Refusable, forms.ModelForm[Row]):
    """Something with a price in the currency's units, its VAT, and moments by the event's clocks.

    `reserved` are what the addresses of other pages begin with.
    """

    reserved = frozenset({"new"})

    cost = forms.DecimalField(
        label=_("Price, in euros, VAT included"),
        min_value=0,
        max_value=100_000,
        decimal_places=2,
        initial=0,
        localize=True,
    )
    vat_rate = forms.TypedChoiceField(label=_("VAT rate"), choices=rates, coerce=int)
    vat_exemption = forms.ChoiceField(
        label=_("Reason for no VAT"), choices=[("", "–"), *EXEMPTIONS], required=False
    )
    slug = ShortName()
    opens_at = WallClock(label=_("On sale from"), required=False)
    closes_at = WallClock(label=_("On sale until"), required=False)

    def __init__(self, *args: Any, event: Event, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.event = event
        self.initial["cost"] = decimal.Decimal(self.instance.price) / 100
        for name in MOMENTS:
            if moment := getattr(self.instance, name):
                self.initial[name] = moment.astimezone(event.zone).replace(tzinfo=None)

    def clean_slug(self) -> str:
        """One of its kind at this event; made of the name where nobody chose one."""
        rows = self._meta.model._default_manager.filter(event=self.event).exclude(pk=self.instance.pk)
        taken = self.reserved | set(rows.values_list("slug", flat=True))
        return chosen_name(self, self.cleaned_data.get("name", ""), taken)

    def clean(self) -> dict[str, Any]:
        """Moments in the event's zone, the end after the start; a reason where there is no VAT alone."""
        data = super().clean() or self.cleaned_data
        for name in MOMENTS:
            set_zone(self, name, self.event.zone)
        opens, closes = data.get("opens_at"), data.get("closes_at")
        if opens and closes and closes <= opens:
            self.add_error("closes_at", _("The sale must end after it began."))
        if data.get("vat_rate") == 0 and not data.get("vat_exemption"):
            self.add_error("vat_exemption", _("Say why no VAT is due: the invoice must name the reason."))
        elif data.get("vat_rate"):
            data["vat_exemption"] = ""
        return data

    def row(self) -> Row:
        """What is sold as filled in, not kept yet."""
        self.instance.event = self.event
        self.instance.price = int(self.cleaned_data["cost"] * 100)
        return self.instance

    @property
    def changed_fields(self) -> list[str]:
        """The model's fields that were changed."""
        named = ["price" if name == "cost" else name for name in self.changed_data]
        return list(dict.fromkeys([*named, "vat_exemption"] if "vat_rate" in named else named))


class TicketForm(SoldForm[Ticket]):
    """A ticket, without its price steps."""

    reserved = frozenset({"new", "vouchers", "add-ons", "quotas", "refunds"})
    least = forms.IntegerField(label=_("At least per order"), min_value=1, max_value=50, required=False)
    most = forms.IntegerField(label=_("At most per order"), min_value=1, max_value=50, required=False)

    class Meta:
        model = Ticket
        fields = [
            "name", "name_en", "slug", "description", "description_en", "audience", "capacity", "company_cap",
            "vat_rate", "vat_exemption", "least", "most", "uses_pass", "opens_at", "closes_at", "is_public",
            "is_default", "position",
        ]  # fmt: skip
        help_texts = {
            "audience": _("A member’s ticket needs a link mailed to the member’s address."),
            "capacity": _("Empty: no limit."),
            "company_cap": _("How many members of one company may take it. Empty: no limit."),
            "uses_pass": _("Free for members as long as their company has passes left, else at its price."),
            "position": _("The order on the event’s page: small numbers first."),
        }

    def clean_least(self) -> int:
        """One where nothing is said."""
        return self.cleaned_data["least"] or 1

    def clean(self) -> dict[str, Any]:
        """Not more at least than at most."""
        data = super().clean()
        if data.get("most") and data["most"] < data.get("least", 1):
            self.add_error("most", _("This is fewer than at least."))
        return data


class StepForm(forms.Form):
    """A price until a moment; both empty: no step."""

    cost = forms.DecimalField(
        label=_("Price, in euros"),
        min_value=0,
        max_value=100_000,
        decimal_places=2,
        localize=True,
        required=False,
    )
    until = WallClock(label=_("Until"), required=False)

    def __init__(self, *args: Any, zone: datetime.tzinfo, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone

    def clean(self) -> dict[str, Any]:
        """Both or none."""
        data = super().clean() or self.cleaned_data
        set_zone(self, "until", self.zone)
        if data.get("cost") is None and data.get("until") and "cost" not in self.errors:
            self.add_error("cost", _("Write the price that holds until then."))
        if data.get("cost") is not None and not data.get("until") and "until" not in self.errors:
            self.add_error("until", _("Write until when this price holds."))
        return data


class _Steps(forms.BaseFormSet[StepForm]):
    """All price steps of a ticket, and two empty ones."""

    def clean(self) -> None:
        """No two until the same moment."""
        moments = [form.cleaned_data["until"] for form in self.forms if form.cleaned_data.get("until")]
        if len(set(moments)) < len(moments):
            raise forms.ValidationError(_("Two prices hold until the same moment."))


StepForms = forms.formset_factory(
    StepForm, formset=_Steps, extra=2, max_num=MOST_STEPS, absolute_max=MOST_STEPS
)


def initial_steps(ticket: Ticket, event: Event) -> list[dict[str, Any]]:
    """The steps that a ticket has, as the form shows them."""
    if not ticket.pk:
        return []
    return [
        {
            "cost": decimal.Decimal(step.price) / 100,
            "until": step.until.astimezone(event.zone).replace(tzinfo=None),
        }
        for step in ticket.steps.all()
    ]


def steps_in(forms_filled: "forms.BaseFormSet[StepForm]") -> list[PriceStep]:
    """The steps as filled in, not kept yet."""
    filled = [form.cleaned_data for form in forms_filled.forms if form.cleaned_data.get("until")]
    return [PriceStep(price=int(one["cost"] * 100), until=one["until"]) for one in filled]
