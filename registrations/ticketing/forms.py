"""Organizers' forms for tickets with price steps, add-ons and quotas."""

import datetime
import decimal
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from convention.events.forms import LocalDateTimeField, add_time_zone
from convention.events.models import Event
from convention.money import Money, format_number_input
from convention.text.dates import format_datetime
from convention.web.edit_forms import EditConflictsMixin
from convention.web.forms import AmountField, CountField, OfferedRowsField
from registrations.form_fields import ShortNameField, clean_short_name
from registrations.invoices.tax_amounts import VAT_RATES
from registrations.invoices.vat_exemptions import VAT_EXEMPTION_CHOICES
from registrations.models import Addon, PriceStep, Quota, Ticket
from registrations.models.sale_items import SaleItem
from registrations.pricing.display import format_vat_rate

TIME_FIELDS = ("opens_at", "closes_at")
MAX_PRICE_STEPS = 6


def list_vat_rates() -> list[tuple[int, str]]:
    return [(rate, _("%(rate)s%%") % {"rate": format_vat_rate(rate)}) for rate in VAT_RATES]


def check_company_cap(form: forms.BaseForm, data: Mapping[str, Any]) -> None:
    """Add an error to a form whose places per company exceed its limited places."""
    company_cap, capacity = data.get("company_cap"), data.get("capacity")
    # A capacity of 0 only suspends the sale.
    if company_cap and capacity and company_cap > capacity:
        form.add_error("company_cap", _("This is more than the number of places."))


class SaleItemForm[Row: SaleItem](EditConflictsMixin, forms.ModelForm[Row]):
    """Something for sale: price in units of the currency, VAT, and times in the event's zone.

    `reserved_slugs` would collide with paths of other pages below the same URL.
    """

    reserved_slugs = frozenset({"new"})
    linked_fields: tuple[tuple[str, ...], ...] = (("vat_rate", "vat_exemption"), ("opens_at", "closes_at"))

    cost = AmountField(
        label=_("Price, in euros, VAT included"),
        max_value=100_000,
        initial=0,
    )
    vat_rate = forms.TypedChoiceField(label=_("VAT rate"), choices=list_vat_rates, coerce=int)
    vat_exemption = forms.ChoiceField(
        label=_("Reason for not charging VAT"), choices=[("", "–"), *VAT_EXEMPTION_CHOICES], required=False
    )
    slug = ShortNameField()
    opens_at = LocalDateTimeField(label=_("On sale from"), required=False)
    closes_at = LocalDateTimeField(label=_("On sale until"), required=False)

    def __init__(self, *args: Any, event: Event, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.event = event
        self.initial["cost"] = decimal.Decimal(self.instance.price) / 100
        for name in TIME_FIELDS:
            if moment := getattr(self.instance, name):
                self.initial[name] = moment.astimezone(event.zone).replace(tzinfo=None)

    def clean_slug(self) -> str:
        """Return a unique slug, made from the name if none is given."""
        rows = self._meta.model._default_manager.filter(event=self.event).exclude(pk=self.instance.pk)
        taken = self.reserved_slugs | set(rows.values_list("slug", flat=True))
        return clean_short_name(self, self.cleaned_data.get("name", ""), taken)

    def clean(self) -> dict[str, Any]:
        """Add the time zone, check the sale period, and require a reason if there is no VAT."""
        data = super().clean() or self.cleaned_data
        for name in TIME_FIELDS:
            add_time_zone(self, name, self.event.zone)
        opens, closes = data.get("opens_at"), data.get("closes_at")
        if opens and closes and closes <= opens:
            self.add_error("closes_at", _("The sale must end after it starts."))
        if data.get("vat_rate") == 0 and not data.get("vat_exemption"):
            self.add_error(
                "vat_exemption", _("Enter the reason for not charging VAT: it must appear on the invoice.")
            )
        # A constraint forbids a reason beside a rate; the organizer may have chosen the rate after the
        # reason.
        elif data.get("vat_rate"):
            data["vat_exemption"] = ""
        return data

    def build_item(self) -> Row:
        """Return the item as filled in, unsaved."""
        self.instance.event = self.event
        self.instance.price = int(self.cleaned_data["cost"] * 100)
        return self.instance

    @property
    def changed_fields(self) -> list[str]:
        """Return the names of the model's changed fields."""
        # The form's field is in euros, the column in cents. A rate above zero empties the reason.
        names = ["price" if name == "cost" else name for name in self.changed_data]
        return list(dict.fromkeys([*names, "vat_exemption"] if "vat_rate" in names else names))


class TicketForm(SaleItemForm[Ticket]):
    """A ticket; `step_forms` has its price steps."""

    reserved_slugs = frozenset({"new", "vouchers", "add-ons", "quotas", "refunds"})
    linked_fields = (
        *SaleItemForm.linked_fields,
        ("cost", "steps"),
        ("min_per_order", "max_per_order"),
        ("capacity", "company_cap"),
    )
    min_per_order = forms.IntegerField(
        label=_("Minimum per order"), min_value=1, max_value=50, required=False
    )
    max_per_order = forms.IntegerField(
        label=_("Maximum per order"), min_value=1, max_value=50, required=False
    )

    class Meta:
        model = Ticket
        fields = [
            "name", "name_en", "slug", "description", "description_en", "audience", "capacity", "company_cap",
            "vat_rate", "vat_exemption", "min_per_order", "max_per_order", "uses_pass", "opens_at",
            "closes_at", "is_public", "is_default", "position",
        ]  # fmt: skip
        field_classes = {"capacity": CountField, "company_cap": CountField, "position": CountField}
        help_texts = {
            "audience": _("Members confirm this ticket through a link sent to their own address."),
            "capacity": _("Leave empty for no limit."),
            "company_cap": _("Maximum number of members per company. Leave empty for no limit."),
            "uses_pass": _(
                "Free for members while their company has passes left, then at the ticket’s price."
            ),
            "position": _("Position on the event page; the lowest number comes first."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.step_forms = PriceStepFormSet(
            self.data or None,
            prefix="step",
            # With data, a row equal to its initial values would count as empty.
            initial=None if self.is_bound else list_initial_steps(self.instance, self.event),
            form_kwargs={"zone": self.event.zone},
        )

    def get_current_rows(self) -> dict[str, list[object]]:
        return {"steps": _list_step_texts(list_initial_steps(self.instance, self.event))}

    def get_posted_rows(self) -> dict[str, list[object]]:
        if not self.step_forms.is_valid():
            return {}
        return {"steps": _list_step_texts([form.cleaned_data for form in self.step_forms.forms])}

    def get_rows_label(self, name: str) -> str:
        return gettext("Early-bird prices")

    def check_price_order(self) -> bool:
        """Add errors to early prices above the price that follows; return whether there is none."""
        # Steps that stay as they are were checked with the price, which stays then too.
        if "steps" in self.restored_names or "cost" not in self.cleaned_data:
            return self.step_forms.is_valid()
        return check_price_order(self.step_forms, self.build_item().cost)

    def build_price_steps(self) -> list[PriceStep] | None:
        """Return the unsaved price steps, or None where the stored ones stay."""
        return None if "steps" in self.restored_names else build_price_steps(self.step_forms)

    def clean_min_per_order(self) -> int:
        return self.cleaned_data["min_per_order"] or 1

    def clean(self) -> dict[str, Any]:
        """Refuse a maximum below the minimum, and more places per company than places."""
        data = super().clean()
        check_company_cap(self, data)
        if data.get("max_per_order") and data["max_per_order"] < data.get("min_per_order", 1):
            self.add_error("max_per_order", _("The maximum cannot be lower than the minimum."))
        return data


class PriceStepForm(forms.Form):
    """A price until a moment; both empty for none."""

    cost = AmountField(
        label=_("Price, in euros"),
        max_value=100_000,
        required=False,
    )
    until = LocalDateTimeField(label=_("Until"), required=False)

    def __init__(self, *args: Any, zone: datetime.tzinfo, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone

    def clean(self) -> dict[str, Any]:
        """Require both fields or none."""
        data = super().clean() or self.cleaned_data
        add_time_zone(self, "until", self.zone)
        if data.get("cost") is None and data.get("until") and "cost" not in self.errors:
            self.add_error("cost", _("Enter the price that applies until this date."))
        if data.get("cost") is not None and not data.get("until") and "until" not in self.errors:
            self.add_error("until", _("Enter the date until which this price applies."))
        return data


class _PriceStepFormSet(forms.BaseFormSet[PriceStepForm]):
    """All price steps of a ticket, and two empty ones."""

    row_label = _("Early-bird price %(number)s")

    def clean(self) -> None:
        """Refuse two prices until the same moment."""
        moments = [form.cleaned_data["until"] for form in self.forms if form.cleaned_data.get("until")]
        if len(set(moments)) < len(moments):
            raise forms.ValidationError(_("Two prices end on the same date. Change one of them."))


# `absolute_max` too: a forged management form could ask for thousands of forms.
PriceStepFormSet = forms.formset_factory(
    PriceStepForm, formset=_PriceStepFormSet, extra=2, max_num=MAX_PRICE_STEPS, absolute_max=MAX_PRICE_STEPS
)


def list_initial_steps(ticket: Ticket, event: Event) -> list[dict[str, Any]]:
    """Return a ticket's price steps as initial data, in euros and the event's zone."""
    if not ticket.pk:
        return []
    return [
        {
            "cost": decimal.Decimal(step.price) / 100,
            "until": step.ends_at.astimezone(event.zone).replace(tzinfo=None),
        }
        for step in ticket.price_steps.all()
    ]


def _list_step_texts(rows: Iterable[Mapping[str, Any]]) -> list[object]:
    """Return a text for each price step, the same for a stored and a posted one."""
    steps = sorted((row["until"].replace(tzinfo=None), row["cost"]) for row in rows if row.get("until"))
    texts = [(format_datetime(until), format_number_input(cost)) for until, cost in steps]
    return [gettext("%(price)s until %(moment)s") % {"price": price, "moment": at} for at, price in texts]


def check_price_order(formset: "forms.BaseFormSet[PriceStepForm]", full_price: Money) -> bool:
    """Add an error to each early price above the price that follows it; return whether there is none.

    Steps that have ended are history, so they are not compared; nor are rows with an error.
    """
    now = timezone.now()
    filled = [form for form in formset.forms if form.cleaned_data.get("until") and form.is_valid()]
    upcoming = [form for form in filled if form.cleaned_data["until"] > now]
    upcoming.sort(key=lambda form: form.cleaned_data["until"], reverse=True)
    next_price = full_price
    for form in upcoming:
        price = Money(int(form.cleaned_data["cost"] * 100), full_price.currency)
        if price.amount > next_price.amount:
            sentence = _("Enter at most %(price)s, the price that applies after this date.")
            form.add_error("cost", sentence % {"price": next_price})
        next_price = price
    return formset.is_valid()


def build_price_steps(formset: "forms.BaseFormSet[PriceStepForm]") -> list[PriceStep]:
    """Return the unsaved price steps."""
    filled = [form.cleaned_data for form in formset.forms if form.cleaned_data.get("until")]
    return [PriceStep(price=int(row["cost"] * 100), ends_at=row["until"]) for row in filled]


class AddonForm(SaleItemForm[Addon]):
    """An add-on, for all tickets if none is ticked."""

    tickets = OfferedRowsField(
        Ticket.objects.none(),
        label=_("Available with these tickets"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("If you tick none, the add-on is available with all tickets."),
    )

    class Meta:
        model = Addon
        fields = [
            "name", "name_en", "slug", "description", "description_en", "kind", "vat_rate", "vat_exemption",
            "capacity", "tickets", "opens_at", "closes_at", "position",
        ]  # fmt: skip
        field_classes = {"capacity": CountField, "position": CountField}
        help_texts = {
            "kind": _("Meals are counted for the caterer."),
            "capacity": _("Leave empty for no limit."),
            "position": _("Position among the choices; the lowest number comes first."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["tickets"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = self.event.tickets.all()


class QuotaForm(EditConflictsMixin, forms.ModelForm[Quota]):
    """A number of places, and the tickets that share them."""

    capacity = CountField(label=_("Places"))
    tickets = OfferedRowsField(
        Ticket.objects.none(),
        label=_("Tickets sharing these places"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "A ticket can belong to only one shared quota: ticking it here removes it from any other."
        ),
    )

    class Meta:
        model = Quota
        fields = ["name", "capacity"]

    def __init__(self, *args: Any, event: Event, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.event = event
        field = self.fields["tickets"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = event.tickets.all()
        if self.instance.pk:
            self.initial["tickets"] = list(self.instance.tickets.all())

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if self.event.quotas.filter(name=name).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("This name is already used by another quota of this event."))
        return name

    def build_quota(self) -> Quota:
        """Return the quota as filled in, unsaved."""
        self.instance.event = self.event
        return self.instance
