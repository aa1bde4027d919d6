"""Quotations: prices offered until a day. Nothing is reserved and nothing is owed."""

from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from convention.events.models import Event
from convention.money import Money
from convention.web.link_secrets import LinkedModel

from .receivables import format_line_text


@dataclass
class QuotedItem:
    """Item of a quotation as printed: several lines of the same item are one; amounts are in cents."""

    text: str
    vat_rate: int
    exemption: str
    quantity: int = 0
    net: int = 0
    total: int = 0


class Quotation(LinkedModel):
    """Quotation as given; seller, buyer, lines and totals are snapshots. It has its own number series."""

    LINK_PURPOSE = "invoices.quotation"

    number = models.CharField(_("number"), max_length=20, unique=True)
    event = models.ForeignKey(Event, models.SET_NULL, null=True, blank=True, related_name="+")
    seller = models.JSONField(_("seller"))
    buyer = models.JSONField(_("buyer"))
    buyer_name = models.CharField(_("buyer"), max_length=300)
    details = models.JSONField(_("references, period and sentences"))
    lines = models.JSONField(_("lines"))
    taxes = models.JSONField(_("totals per rate"))
    net = models.BigIntegerField(_("without VAT, in cents"))
    vat = models.BigIntegerField(_("VAT, in cents"))
    total = models.BigIntegerField(_("total, in cents"))
    currency = models.CharField(_("currency"), max_length=3)
    language = models.CharField(_("language"), max_length=5)
    issued_on = models.DateField(_("given"))
    valid_until = models.DateField(_("valid until"))
    withdrawn_at = models.DateTimeField(
        pgettext_lazy("quotation", "withdrawn"), null=True, blank=True, editable=False
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("quotation")
        verbose_name_plural = _("quotations")
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.number

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert the quotation. Raise TypeError if it is stored already."""
        if not self._state.adding:
            raise TypeError("A quotation that was given is never changed: give another one.")
        super().save(*args, **kwargs)

    @property
    def total_money(self) -> Money:
        return Money(self.total, self.currency)

    @property
    def line_texts(self) -> list[str]:
        """Return the text of each line, with the attendee's name."""
        return [format_line_text(line["description"], line.get("attendee", "")) for line in self.lines]

    @property
    def grouped_lines(self) -> list["QuotedItem"]:
        """Return the lines with those of the same item, price and attendee as one, in their order."""
        items: dict[tuple[Any, ...], QuotedItem] = {}
        for text, line in zip(self.line_texts, self.lines, strict=True):
            quantity, total = line["quantity"], line["total"]
            key = (text, total / quantity, line["vat_rate"], line.get("exemption", ""))
            item = items.setdefault(key, QuotedItem(text, line["vat_rate"], line.get("exemption", "")))
            item.quantity += quantity
            item.net += line["net"]
            item.total += total
        return list(items.values())

    @property
    def priced_lines(self) -> list[tuple[str, Money]]:
        """Return the text of each item with its price, VAT included."""
        return [
            (
                f"{item.quantity} × {item.text}" if item.quantity > 1 else item.text,
                Money(item.total, self.currency),
            )
            for item in self.grouped_lines
        ]

    @property
    def is_valid(self) -> bool:
        """Return whether it is not withdrawn, and the server's date is not after `valid_until`."""
        return self.withdrawn_at is None and timezone.localdate() <= self.valid_until
