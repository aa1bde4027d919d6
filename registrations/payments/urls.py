"""URL patterns of payment pages, the treasurer's card and bank pages, and the Stripe webhook."""

from typing import Any

from django.urls import path

from .bank import views as bank_views
from .refunds import views as refund_views
from .views import cards, pay, webhook

TREASURY_PATH = "organize/money"
ORDER_PATH = "orders/<slug:reference>/<slug:secret>"

pages: list[Any] = [
    path(f"{ORDER_PATH}/pay/", pay.order_payment, name="order-pay"),
    path(f"{ORDER_PATH}/pay/test/", pay.demo_payment, name="order-pay-test"),
    path(f"{ORDER_PATH}/transfer/", pay.bank_transfer, name="order-transfer"),
    path(f"{TREASURY_PATH}/cards/", cards.card_payment_list, name="card-payments"),
    path(f"{TREASURY_PATH}/cards/<slug:reference>/place/", cards.order_confirm, name="card-payment-confirm"),
    path(f"{TREASURY_PATH}/cards/refunds/done/", refund_views.refunds_complete, name="refunds-done"),
    path(f"{TREASURY_PATH}/cards/refunds.xml", refund_views.bank_file_download, name="refunds-sepa"),
    path(f"{TREASURY_PATH}/cards/refunds.csv", refund_views.refund_list_download, name="refunds-csv"),
    path(f"{TREASURY_PATH}/bank/", bank_views.bank_line_list, name="bank-lines"),
    path(f"{TREASURY_PATH}/bank/import/", bank_views.statement_import, name="bank-import"),
    path(f"{TREASURY_PATH}/bank/<int:line_id>/", bank_views.bank_line_detail, name="bank-line"),
    path(f"{TREASURY_PATH}/bank/<int:line_id>/aside/", bank_views.bank_line_ignore, name="bank-line-ignore"),
    path(f"{TREASURY_PATH}/bank/<int:line_id>/undo/", bank_views.match_undo, name="bank-return-undo"),
    path(
        f"{TREASURY_PATH}/bank/<int:line_id>/undo-all/",
        bank_views.assignments_undo,
        name="bank-line-undo-all",
    ),
    path(
        f"{TREASURY_PATH}/bank/<int:line_id>/<int:assignment_id>/undo/",
        bank_views.assignment_undo,
        name="bank-line-undo",
    ),
]
unlocalized_pages: list[Any] = [
    path("stripe/webhook/", webhook.stripe_webhook, name="stripe-webhook"),
]
