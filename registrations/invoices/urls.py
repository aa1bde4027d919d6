"""Addresses."""

from typing import Any

from django.urls import path

from .views import acts, books, by_hand, owed

MONEY = "organize/money"
ONE = f"{MONEY}/owed/<slug:owed>"
DOCUMENT = f"{MONEY}/invoices/<int:invoice>"

pages: list[Any] = [
    path(f"{MONEY}/", owed.money, name="money"),
    path(f"{MONEY}/owed.csv", owed.export, {"kind": "csv"}, name="money-csv"),
    path(f"{MONEY}/owed.xlsx", owed.export, {"kind": "xlsx"}, name="money-xlsx"),
    path(f"{MONEY}/new/", by_hand.new, name="money-new"),
    path(f"{ONE}/lines/", by_hand.change, name="money-lines"),
    path(f"{ONE}/", owed.owed, name="money-owed"),
    path(f"{ONE}/pro-forma.pdf", owed.pro_forma, name="money-pro-forma"),
    path(f"{ONE}/buyer/", acts.buyer, name="money-buyer"),
    path(f"{ONE}/issue/", acts.issue_invoice, name="money-issue"),
    path(f"{ONE}/deposit/", acts.deposit, name="money-deposit"),
    path(f"{ONE}/pay/", acts.pay, name="money-pay"),
    path(f"{ONE}/credit/", acts.credit_gone, name="money-credit-gone"),
    path(f"{DOCUMENT}.pdf", owed.paper, name="money-paper"),
    path(f"{DOCUMENT}/credit/", acts.credit_invoice, name="money-credit"),
    path(f"{DOCUMENT}/correct/", acts.correct_invoice, name="money-correct"),
    path(f"{MONEY}/payments/<int:payment>/refund/", acts.give_back, name="money-refund"),
    path(f"{MONEY}/refunds/<int:refund>/done/", acts.refund_left, name="money-refund-done"),
    path(f"{MONEY}/refunds/<int:refund>/failed/", acts.refund_stopped, name="money-refund-failed"),
    path(f"{MONEY}/books/", books.books, name="money-books"),
    path(f"{MONEY}/books/entries.txt", books.entries, name="money-entries"),
    path(f"{MONEY}/payouts/", books.payouts, name="money-payouts"),
    path(f"{MONEY}/payouts/<int:payout>/", books.payout, name="money-payout"),
    path(f"{MONEY}/issuer/", books.issuer, name="money-issuer"),
    path(f"{MONEY}/days/<slug:event>/", books.day_book_page, name="money-days"),
    path(f"{MONEY}/days/<slug:event>.csv", books.day_book_file, {"kind": "csv"}, name="money-days-csv"),
    path(f"{MONEY}/days/<slug:event>.xlsx", books.day_book_file, {"kind": "xlsx"}, name="money-days-xlsx"),
]
