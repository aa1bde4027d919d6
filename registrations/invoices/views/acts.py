"""What the treasurer does to one receivable: each is said first, then done."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from convention.errors import ConventionError

from ..balance import balance_of
from ..credit import correct, credit, credit_amount, credit_withdrawn
from ..doors import document_to_keep, payment_to_keep, receivable_to_keep, refund_to_keep
from ..forms.acts import BuyerForm, ConfirmForm, CreditForm, DepositForm, PayForm, RefundForm, WhyForm
from ..issue import issue, issue_deposit
from ..models import Invoice, Receivable
from ..owe import correct_buyer
from ..pay import record_by_hand
from ..refund import refund, refund_done, refund_failed, refundable
from ..saying import say_amount
from ..standing import lines_to_invoice, standing_of
from .owed import page, posted

both = require_http_methods(["GET", "POST"])


@dataclass(frozen=True)
class Ask:
    """A page that says what will be done, and the act behind its button."""

    heading: str
    told: str
    button: str
    form: forms.BaseForm
    act: Callable[[dict[str, Any]], str]
    """Does it with the form's data; what to say afterwards."""
    lines: Any = ()


def asked(request: HttpRequest, receivable: Receivable, ask: Ask) -> HttpResponse:
    """Show it; do it when the button was pressed, and go back to the receivable."""
    if request.method == "POST" and ask.form.is_valid():
        try:
            said = ask.act(ask.form.cleaned_data)
        except ConventionError as error:
            ask.form.add_error(None, str(error))
        else:
            messages.success(request, said)
            return redirect("money-owed", receivable.reference)
    return page(request, "act", receivable=receivable, ask=ask, form=ask.form)


def issued(document: Invoice) -> str:
    """What to say of a new document."""
    return _("%(kind)s %(number)s is issued: %(total)s.") % {
        "kind": capfirst(document.get_kind_display()),
        "number": document.number,
        "total": say_amount(document.total, document.currency),
    }


@both
def issue_invoice(request: HttpRequest, owed: str) -> HttpResponse:
    """Invoice what is owed and not invoiced yet."""
    found = receivable_to_keep(owed, request.user)
    lines = lines_to_invoice(found)
    total = say_amount(sum(line.amount for line in lines), found.currency)
    told = _("An issued invoice gets its number and never changes: %(total)s to %(buyer)s.")
    return asked(
        request,
        found,
        Ask(
            _("Issue the invoice"),
            told % {"total": total, "buyer": found.name},
            _("Issue the invoice"),
            ConfirmForm(posted(request)),
            lambda _data: issued(issue(receivable=found)),
            lines,
        ),
    )


@both
def deposit(request: HttpRequest, owed: str) -> HttpResponse:
    """Invoice a part ahead."""
    found = receivable_to_keep(owed, request.user)
    return asked(
        request,
        found,
        Ask(
            _("Ask for a deposit"),
            _("The invoice that follows deducts it."),
            _("Issue the deposit invoice"),
            DepositForm(posted(request)),
            lambda data: issued(issue_deposit(receivable=found, amount=data["amount"])),
        ),
    )


@both
def pay(request: HttpRequest, owed: str) -> HttpResponse:
    """Record a transfer or cash."""
    found = receivable_to_keep(owed, request.user)
    due = balance_of(found).due
    form = PayForm(posted(request), initial={"amount": due / 100 if due > 0 else None})

    def act(data: dict[str, Any]) -> str:
        said = {name: data[name] for name in ("amount", "method", "received_on", "note")}
        payment = record_by_hand(receivable=found, external_id=form.external_id, **said)
        return _("A payment of %(amount)s is recorded.") % {
            "amount": say_amount(payment.amount, payment.currency)
        }

    told = _("Left to pay: %(due)s.") % {"due": say_amount(due, found.currency)}
    return asked(request, found, Ask(_("Record a payment"), told, _("Record the payment"), form, act))


@both
def credit_gone(request: HttpRequest, owed: str) -> HttpResponse:
    """Credit whatever was invoiced and is owed no longer."""
    found = receivable_to_keep(owed, request.user)

    def act(data: dict[str, Any]) -> str:
        documents = credit_withdrawn(receivable=found, reason=data["reason"])
        return " ".join(map(issued, documents)) or _("There was nothing to credit.")

    told = _("What was invoiced and is owed no longer is credited, invoice by invoice.")
    heading = _("Issue the credit note")
    return asked(request, found, Ask(heading, told, heading, WhyForm(posted(request)), act))


@both
def credit_invoice(request: HttpRequest, invoice: int) -> HttpResponse:
    """Credit an invoice, whole or in part."""
    document = document_to_keep(invoice, request.user)
    lines = [line for line in standing_of(document.receivable).of(document) if line.invoice_id == invoice]
    form = CreditForm(posted(request), standing=lines)

    def act(data: dict[str, Any]) -> str:
        if data["what"] == CreditForm.AMOUNT:
            return issued(credit_amount(invoice=document, amount=data["amount"], reason=data["reason"]))
        chosen = data["lines"] if data["what"] == CreditForm.LINES else None
        return issued(credit(invoice=document, lines=chosen, reason=data["reason"]))

    told = _("A credit note takes back what %(number)s asked for; so much less is owed. It never changes.")
    heading = _("Credit invoice %(number)s") % {"number": document.number}
    told = told % {"number": document.number}
    return asked(request, document.receivable, Ask(heading, told, _("Issue the credit note"), form, act))


@both
def correct_invoice(request: HttpRequest, invoice: int) -> HttpResponse:
    """Credit an invoice and issue it anew with the buyer's details as they are now."""
    document = document_to_keep(invoice, request.user)

    def act(data: dict[str, Any]) -> str:
        return " ".join(map(issued, correct(invoice=document, reason=data["reason"])))

    told = _(
        "A credit note takes %(number)s back, and a new invoice says the same with the buyer’s details "
        "as they are now. Correct those first."
    ) % {"number": document.number}
    heading = _("Correct invoice %(number)s") % {"number": document.number}
    form = WhyForm(posted(request))
    return asked(request, document.receivable, Ask(heading, told, _("Issue both documents"), form, act))


@both
def give_back(request: HttpRequest, payment: int) -> HttpResponse:
    """Give money of a payment back."""
    found = payment_to_keep(payment, request.user)
    left, receivable = refundable(found), found.receivable
    much = -balance_of(receivable).due
    form = RefundForm(posted(request), initial={"amount": min(much, left) / 100 if much > 0 else None})

    def act(data: dict[str, Any]) -> str:
        refund(payment=found, external_id=form.external_id, amount=data["amount"], reason=data["reason"])
        return noted % {"amount": say_amount(data["amount"], receivable.currency)}

    if found.is_by_processor:
        noted = _("A refund of %(amount)s is asked for; it goes back by itself.")
        told = _("Of this payment %(left)s can be given back, by itself and by the way it came: %(method)s.")
    else:
        noted = _("A refund of %(amount)s is noted: mark it as done when the money has left.")
        told = _("Of this payment %(left)s can be given back, by the way it came: %(method)s.")
    told %= {"left": say_amount(left, receivable.currency), "method": found.get_method_display()}
    return asked(request, receivable, Ask(_("Give money back"), told, _("Note the refund"), form, act))


@both
def refund_left(request: HttpRequest, refund: int) -> HttpResponse:
    """The money has left."""
    found = refund_to_keep(refund, request.user)

    def act(_data: dict[str, Any]) -> str:
        refund_done(refund=found)
        return _("The refund is done.")

    told = _("%(amount)s left the account today.") % {
        "amount": say_amount(found.amount, found.receivable.currency)
    }
    form = ConfirmForm(posted(request))
    return asked(request, found.receivable, Ask(_("The refund is done"), told, _("Mark as done"), form, act))


@both
def refund_stopped(request: HttpRequest, refund: int) -> HttpResponse:
    """The money did not leave, or came back."""
    found = refund_to_keep(refund, request.user)

    def act(data: dict[str, Any]) -> str:
        refund_failed(refund=found, reason=data["reason"])
        return _("The refund failed; the money is still there.")

    told = _("%(amount)s did not leave, or came back.") % {
        "amount": say_amount(found.amount, found.receivable.currency)
    }
    form = WhyForm(posted(request))
    return asked(request, found.receivable, Ask(_("The refund failed"), told, _("Mark as failed"), form, act))


@both
def buyer(request: HttpRequest, owed: str) -> HttpResponse:
    """Correct who owes it; documents that were issued keep what they say."""
    found = receivable_to_keep(owed, request.user)
    form = BuyerForm(posted(request), instance=receivable_to_keep(owed, request.user))

    def act(data: dict[str, Any]) -> str:
        correct_buyer(found, data)
        return _("The buyer’s details are saved.")

    told = _("The next document says what stands here; issued ones never change.")
    return asked(request, found, Ask(_("Buyer"), told, _("Save the details"), form, act))
