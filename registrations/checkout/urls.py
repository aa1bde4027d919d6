"""Addresses."""

from typing import Any

from django.urls import path

from .views import bank, cards, pay, webhook

MONEY = "organize/money"
LINK = "orders/<slug:reference>/<slug:secret>"

pages: list[Any] = [
    path(f"{LINK}/pay/", pay.pay, name="order-pay"),
    path(f"{LINK}/pay/test/", pay.play, name="order-pay-test"),
    path(f"{LINK}/transfer/", pay.transfer, name="order-transfer"),
    path(f"{MONEY}/cards/", cards.cards, name="money-cards"),
    path(f"{MONEY}/cards/<slug:reference>/place/", cards.place, name="money-card-place"),
    path(f"{MONEY}/bank/", bank.lines, name="money-bank"),
    path(f"{MONEY}/bank/import/", bank.import_page, name="money-bank-import"),
    path(f"{MONEY}/bank/<int:line>/", bank.line, name="money-bank-line"),
    path(f"{MONEY}/bank/<int:line>/aside/", bank.set_aside, name="money-bank-aside"),
    path(f"{MONEY}/bank/<int:line>/<int:assignment>/undo/", bank.undo_assignment, name="money-bank-undo"),
]
plain: list[Any] = [
    path("stripe/webhook/", webhook.webhook, name="stripe-webhook"),
]
