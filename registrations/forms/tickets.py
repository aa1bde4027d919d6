"""An organizer's form for a ticket."""

import decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from convention.events.forms import WallClock
from convention.events.models import Event

from ..models import Ticket

MOMENTS = ("opens_at", "closes_at")


class TicketForm(forms.ModelForm[Ticket]):
    """A ticket; its price in the currency's units, its moments by the event's clocks."""

    cost = forms.DecimalField(
        label=_("Price, in euros"), min_value=0, max_value=100_000, decimal_places=2, initial=0, localize=True
    )
    opens_at = WallClock(label=_("On sale from"), required=False)
    closes_at = WallClock(label=_("On sale until"), required=False)

    class Meta:
        model = Ticket
        fields = [
            "name", "name_en", "slug", "description", "description_en", "audience", "capacity", "company_cap",
            "opens_at", "closes_at", "is_public", "is_default", "position",
        ]  # fmt: skip
        help_texts = {
            "slug": _("How programs and imported lists name it, such as guest."),
            "audience": _("A member’s ticket needs a link mailed to the member’s address."),
            "capacity": _("Empty: no limit."),
            "company_cap": _("How many members of one company may take it. Empty: no limit."),
            "position": _("The order on the event’s page: small numbers first."),
        }

    def __init__(self, *args: Any, event: Event, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.event = event
        self.initial["cost"] = decimal.Decimal(self.instance.price) / 100
        for name in MOMENTS:
            if moment := getattr(self.instance, name):
                self.initial[name] = moment.astimezone(event.zone).replace(tzinfo=None)

    def clean_slug(self) -> str:
        """One of its kind at this event."""
        slug = str(self.cleaned_data["slug"])
        if slug == "new":
            raise forms.ValidationError(_("This address is taken; choose another one."))
        if self.event.tickets.filter(slug=slug).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("Another ticket of this event has this address."))
        return slug

    def clean(self) -> dict[str, Any]:
        """Moments get the event's zone; the sale must end after it began."""
        data = super().clean() or self.cleaned_data
        for name in MOMENTS:
            if data.get(name):
                data[name] = data[name].replace(tzinfo=self.event.zone)
        opens, closes = data.get("opens_at"), data.get("closes_at")
        if opens and closes and closes <= opens:
            self.add_error("closes_at", _("The sale must end after it began."))
        return data

    def ticket(self) -> Ticket:
        """The ticket as filled in, not kept yet."""
        self.instance.event = self.event
        self.instance.price = int(self.cleaned_data["cost"] * 100)
        return self.instance

    @property
    def changed_fields(self) -> list[str]:
        """The model's fields that were changed."""
        return ["price" if name == "cost" else name for name in self.changed_data]
