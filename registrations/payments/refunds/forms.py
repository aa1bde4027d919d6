"""Form that marks several refunds as done."""

import datetime
from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.text.dates import format_date
from convention.text.normalize import parse_digits
from registrations.invoices.forms.actions import FrenchDayField
from registrations.invoices.models import RefundQuerySet

from .refund_transfers import RefundToMake


def select_ticked(refunds: RefundQuerySet, data: QueryDict) -> RefundQuerySet:
    """Return the refunds that a list names: the ticked ones, or all."""
    if "all" in data:
        return refunds
    return refunds.filter(pk__in=[pk for text in data.getlist("refund") if (pk := parse_digits(text))])


class RefundsCompletionForm(forms.Form):
    """Day on which the money of several refunds left the account."""

    refunded_on = FrenchDayField(label=_("Refunded on"), initial=timezone.localdate)

    def __init__(self, *args: Any, refunds: Sequence[RefundToMake], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.refunds = [row.refund for row in refunds]

    def clean_refunded_on(self) -> datetime.date:
        """Refuse days in the future and before a payment, since a refund that is done cannot be changed."""
        day: datetime.date = self.cleaned_data["refunded_on"]
        if day > timezone.localdate():
            raise forms.ValidationError(
                _("Choose a day that is not in the future: confirm the refunds once the money has been sent.")
            )
        latest = max(self.refunds, key=lambda refund: refund.payment.received_on)
        if day < latest.payment.received_on:
            values = {
                "buyer": latest.receivable.buyer_label,
                "day": format_date(latest.payment.received_on),
            }
            raise forms.ValidationError(
                _("The payment of %(buyer)s was received on %(day)s. Choose that day or a later one.")
                % values
            )
        return day
