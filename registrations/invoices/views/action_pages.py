"""A page that explains an action of the treasurer on a receivable; its button performs it."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from convention.errors import ConventionError
from registrations.invoices.documents.invoice_writer import DraftLine
from registrations.invoices.models import Receivable

from .receivables import render_page


@dataclass(frozen=True, kw_only=True)
class PreviewTable:
    """Lines of a document in a preview, below a heading where there are several documents."""

    lines: Sequence[DraftLine]
    heading: str = ""


@dataclass(frozen=True, kw_only=True)
class ActionPreview:
    """Effect of an action, shown before it is done."""

    heading: str
    sentences: Sequence[str]
    tables: Sequence[PreviewTable] = ()

    @property
    def fingerprint(self) -> str:
        """Return a digest of the effect, sent back with the confirmation."""
        return hashlib.sha256(repr(self).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class ActionLink:
    """Link to another page that may be the better choice."""

    url: str
    label: str


@dataclass(frozen=True, kw_only=True)
class ActionPage:
    """Content of a confirmation page, and the function behind its button."""

    heading: str
    explanation: str
    button_label: str
    # None where the action is impossible: the explanation says what to do first.
    form: forms.BaseForm | None
    # Called with the form's cleaned data; returns the success message.
    run_action: Callable[[dict[str, Any]], str]
    lines: Sequence[DraftLine] = ()
    # Without the buyer's name and address the page leads to them instead of showing its button.
    needs_buyer: bool = False
    # Called like `run_action`, for a second page that asks for a confirmation; None if there is none to ask.
    build_preview: Callable[[dict[str, Any]], ActionPreview | None] | None = None
    # The button that leads to a preview, where it is always shown.
    preview_label: str = ""
    # Shown below the explanation.
    sentences: Sequence[str] = ()
    # Shown on both pages.
    links: Sequence[ActionLink] = ()


def respond_with_action(
    request: HttpRequest, receivable: Receivable, action_page: ActionPage
) -> HttpResponse:
    """Show the page; on POST run the action, after its preview if it has one, and show the receivable."""
    form, preview = action_page.form, None
    # "Change" on the preview shows the form again, with what was entered.
    if request.method == "POST" and "change" not in request.POST and form and form.is_valid():
        try:
            preview = action_page.build_preview(form.cleaned_data) if action_page.build_preview else None
            # The button must do what the preview said, and orders change at any time.
            if preview is None or request.POST.get("confirmed") == preview.fingerprint:
                messages.success(request, action_page.run_action(form.cleaned_data))
                return redirect("receivable", receivable.reference)
            if "confirmed" in request.POST:
                messages.error(request, _("This has changed in the meantime. Check it again."))
        # A refusal belongs on the form, where the amount can be corrected.
        except ConventionError as error:
            form.add_error(None, str(error))
    return render_page(
        request, "action", receivable=receivable, action_page=action_page, form=form, preview=preview
    )
