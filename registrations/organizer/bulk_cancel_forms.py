"""Forms of the organizers' page that cancels many orders at once."""

import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from convention.events.forms import LocalDateTimeField, add_time_zone
from convention.web.client_network import parse_network
from registrations.changes.bulk_cancel import OrderFilter

HELD_ORDERS, ALL_ORDERS = "held", "all"
END_OF_MINUTE_OFFSET = datetime.timedelta(seconds=59, microseconds=999_999)


class OrderFilterForm(forms.Form):
    """Criteria for orders, filled in from the query string."""

    state = forms.ChoiceField(
        label=_("Orders"),
        choices=[(HELD_ORDERS, _("not confirmed yet")), (ALL_ORDERS, _("all placed by the public"))],
    )
    address = forms.CharField(
        label=_("Buyer’s e-mail"),
        required=False,
        max_length=254,
        help_text=_("In the e-mail address, an asterisk matches any characters, for example *@example.org."),
    )
    network = forms.CharField(
        label=_("Network"),
        required=False,
        max_length=43,
        help_text=_(
            "For the network, enter an IP address or a network as shown in the list, for example "
            "203.0.113.0/24."
        ),
    )
    since = LocalDateTimeField(label=_("Ordered since"), required=False)
    until = LocalDateTimeField(label=_("Ordered until"), required=False)

    def __init__(self, *args: Any, zone: datetime.tzinfo, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone

    def clean_network(self) -> str:
        """Return the network of an address, or the network itself."""
        text = str(self.cleaned_data["network"]).strip()
        network = parse_network(text) if text else ""
        if text and not network:
            raise ValidationError(_("Enter an IP address or a network, for example 203.0.113.0/24."))
        return network

    def clean(self) -> dict[str, Any]:
        """Interpret the times in the event's zone."""
        data = super().clean() or {}
        for name in ("since", "until"):
            add_time_zone(self, name, self.zone)
        return data

    def to_order_filter(self) -> OrderFilter:
        """Return the criteria; the last minute counts to its end."""
        data = self.cleaned_data
        return OrderFilter(
            only_held=data["state"] == HELD_ORDERS,
            network=data["network"],
            buyer_email=data["address"].strip(),
            ordered_from=data["since"],
            # The form's precision is a minute.
            ordered_to=data["until"] + END_OF_MINUTE_OFFSET if data["until"] else None,
        )


class BulkCancelForm(forms.Form):
    """The reason of the cancellation, and whether the buyers are notified."""

    reason = forms.CharField(
        label=_("Reason"), max_length=300, error_messages={"required": _("Enter a reason.")}
    )
    notify_buyers = forms.BooleanField(
        label=_("Notify the buyers by e-mail that their orders have been cancelled"),
        required=False,
        help_text=_("Leave this unticked if the addresses may belong to people who did not order anything."),
    )
