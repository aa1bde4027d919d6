"""Amounts, reductions and quotes in the API: rendered and described by these classes."""

import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from convention.api.bodies import render_body
from convention.money import Money

from .quote import Quote, QuoteLine
from .reductions import Reduction


class MoneyResponse(serializers.Serializer[Money]):
    """An amount in minor units, with its ISO 4217 currency."""

    amount = serializers.IntegerField()
    currency = serializers.CharField()


class ReductionResponse(serializers.Serializer[Reduction]):
    """A reason for a lower price, in cents."""

    reason = serializers.ChoiceField(["early", "code", "pass", "organizer", "quotation"])
    amount = serializers.IntegerField()
    words = serializers.SerializerMethodField(help_text="The reason in words.")

    def get_words(self, reduction: Reduction) -> str:
        return reduction.describe_reason(timezone.get_current_timezone())


class QuoteLineResponse(serializers.Serializer[QuoteLine]):
    """The price of a ticket or an add-on for one of the registrations, in cents including VAT."""

    registration = serializers.IntegerField(source="place_number", help_text="Counted from 0, as sent.")
    ticket = serializers.CharField(source="price_list.slug", required=False)
    addon = serializers.CharField(source="price_list.slug", required=False)
    before = serializers.IntegerField(source="price_before")
    reductions = ReductionResponse(many=True)
    price = serializers.IntegerField()
    vat_rate = serializers.IntegerField(source="price_list.vat_rate", help_text="In hundredths of a percent.")

    def to_representation(self, instance: QuoteLine) -> dict[str, Any]:
        """Name either the ticket or the add-on."""
        body = super().to_representation(instance)
        del body["ticket" if instance.is_addon else "addon"]
        return body


class VatTotalResponse(serializers.Serializer[Any]):
    """The sum at one VAT rate, in cents."""

    rate = serializers.IntegerField(help_text="In hundredths of a percent.")
    exemption = serializers.CharField(help_text="A VATEX code where the rate is 0.")
    net = serializers.IntegerField(source="net_amount")
    vat = serializers.IntegerField(source="vat_amount")


QUOTE_EXAMPLE = OpenApiExample(
    "A ticket at its early price",
    value={
        "total": {"amount": 10000, "currency": "EUR"},
        "lines": [
            {
                "registration": 0,
                "ticket": "guest",
                "before": 12000,
                "reductions": [{"reason": "early", "amount": 2000, "words": "early price, until 1 May 2026"}],
                "price": 10000,
                "vat_rate": 2000,
            }
        ],
        "vat": [{"rate": 2000, "exemption": "", "net": 8333, "vat": 1667}],
    },
    response_only=True,
)


@extend_schema_serializer(examples=[QUOTE_EXAMPLE])
class QuoteResponse(serializers.Serializer[Any]):
    """The price of an order, with reasons."""

    total = MoneyResponse()
    lines = QuoteLineResponse(many=True)
    vat = VatTotalResponse(many=True)


def render_quote(quote: Quote, *, currency: str, zone: datetime.tzinfo) -> dict[str, Any]:
    """Return the quote as the API answers it, with days in the event's `zone`."""
    parts = {"total": Money(quote.total, currency), "lines": quote.lines, "vat": quote.vat_by_rate}
    with timezone.override(zone):
        return render_body(QuoteResponse, parts)
