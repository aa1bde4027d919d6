"""A page that explains an action of the treasurer on a receivable; its button performs it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from convention.errors import ConventionError
from registrations.invoices.documents.invoice_writer import DraftLine
from registrations.invoices.models import Receivable

from .receivables import render_page


@dataclass(frozen=True, kw_only=True)
class ActionPage:
    """Content of a confirmation page, and the function behind its button."""

    heading: str
    explanation: str
    button_label: str
    form: forms.BaseForm
    # Called with the form's cleaned data; returns the success message.
    run_action: Callable[[dict[str, Any]], str]
    lines: Sequence[DraftLine] = ()
    # Without the buyer's name and address the page leads to them instead of showing its button.
    needs_buyer: bool = False


def respond_with_action(
    request: HttpRequest, receivable: Receivable, action_page: ActionPage
) -> HttpResponse:
    """Show the page; on POST run the action and redirect to the receivable."""
    if request.method == "POST" and action_page.form.is_valid():
        try:
            message = action_page.run_action(action_page.form.cleaned_data)
        # A refusal belongs on the form, where the amount can be corrected.
        except ConventionError as error:
            action_page.form.add_error(None, str(error))
        else:
            messages.success(request, message)
            return redirect("receivable", receivable.reference)
    return render_page(
        request, "action", receivable=receivable, action_page=action_page, form=action_page.form
    )
