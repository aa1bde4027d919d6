"""Forms in which an organizer chooses tickets and add-ons by name and price."""

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy

from convention.web.forms import OfferedRowsField
from registrations.models import Addon, Registration, Ticket


class PricedChoiceMixin:
    """Name a ticket or an add-on with its price."""

    def label_from_instance(self, item: Ticket | Addon) -> str:
        price = item.current_price if isinstance(item, Ticket) else item.cost
        return f"{item.title} · {price}" if price.amount else item.title


class TicketChoiceField(PricedChoiceMixin, forms.ModelChoiceField):
    """One ticket."""


class AddonsChoiceField(PricedChoiceMixin, OfferedRowsField):
    """Any number of add-ons."""


class OrderChangeForm(forms.Form):
    """The ticket and the add-ons after the change, and the reason."""

    ticket = TicketChoiceField(
        Ticket.objects.none(), label=gettext_lazy("Ticket"), empty_label=None, widget=forms.RadioSelect
    )
    addons = AddonsChoiceField(
        Addon.objects.none(),
        label=gettext_lazy("Add-ons"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), required=False, max_length=300)

    def __init__(self, data: Any, *, registration: Registration) -> None:
        current_addons = [item.addon for item in registration.active_addons]
        super().__init__(data, initial={"ticket": registration.ticket, "addons": current_addons})
        event = registration.event
        # The current choices stay available even if their currency was changed since.
        in_currency = Q(currency=registration.order.currency)
        tickets = event.tickets.with_prices().filter(in_currency | Q(pk=registration.ticket_id))
        addons = event.addons.filter(in_currency | Q(pk__in=[addon.pk for addon in current_addons]))
        for name, rows in (("ticket", tickets), ("addons", addons)):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = rows
        if not addons.exists():
            del self.fields["addons"]
