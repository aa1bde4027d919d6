"""Forms of the organizers' page that cancels many orders at once."""

import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from convention.events.forms import WallClock, set_zone
from convention.network import parse_network

from ..bulk_cancel import OrderFilter

HELD, ALL = "held", "all"
LAST_OF_MINUTE = datetime.timedelta(seconds=59, microseconds=999_999)


class OrderFilterForm(forms.Form):
    """Which orders are looked for; filled in by an address's query."""

    state = forms.ChoiceField(
        label=_("Orders"),
        choices=[(HELD, _("not confirmed yet")), (ALL, _("all placed by the public"))],
    )
    address = forms.CharField(
        label=_("Buyer’s e-mail"),
        required=False,
        max_length=254,
        help_text=_("An asterisk stands for any characters, for example *@example.org."),
    )
    network = forms.CharField(
        label=_("Network"),
        required=False,
        max_length=43,
        help_text=_("An IP address or a network, as shown in the list."),
    )
    since = WallClock(label=_("Ordered from"), required=False)
    until = WallClock(label=_("Ordered until"), required=False)

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
        """Read the moments as the clocks at the event show them."""
        data = super().clean() or {}
        for name in ("since", "until"):
            set_zone(self, name, self.zone)
        return data

    def order_filter(self) -> OrderFilter:
        """Return what was filled in; the last minute counts to its end."""
        data = self.cleaned_data
        return OrderFilter(
            only_held=data["state"] == HELD,
            network=data["network"],
            address=data["address"].strip(),
            ordered_from=data["since"],
            ordered_to=data["until"] + LAST_OF_MINUTE if data["until"] else None,
        )


class BulkCancelForm(forms.Form):
    """Why the orders are cancelled, and whether the buyers are told."""

    reason = forms.CharField(
        label=_("Reason"), max_length=300, error_messages={"required": _("Enter a reason.")}
    )
    notify_buyers = forms.BooleanField(
        label=_("E-mail the buyers that their order is cancelled"),
        required=False,
        help_text=_("Leave this off where the addresses may belong to people who ordered nothing."),
    )
