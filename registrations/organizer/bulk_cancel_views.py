"""The organizers' page that finds orders, previews their cancellation and cancels them at once."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache

from convention.events.models import Event
from convention.events.permissions import get_event_to_organize
from convention.web.forms import get_posted_data
from convention.web.routing import require_safe_or_post
from registrations.changes.bulk_cancel import (
    MAX_BULK_ORDERS,
    cancel_orders,
    cancel_orders_and_notify,
    preview_bulk_cancellation,
)

from .bulk_cancel_forms import HELD_ORDERS, BulkCancelForm, OrderFilterForm


@never_cache
@require_safe_or_post
def bulk_cancellation(request: HttpRequest, event: str) -> HttpResponse:
    """Show the orders that match; a POST cancels the selected ones."""
    event_obj = get_event_to_organize(event, request.user)
    # Without a query string the form would be invalid, because a state is required.
    query = request.GET if "state" in request.GET else {"state": HELD_ORDERS}
    filters = OrderFilterForm(query, zone=event_obj.zone)
    form = BulkCancelForm(get_posted_data(request))
    if request.method == "POST":
        references = request.POST.getlist("order")[:MAX_BULK_ORDERS]
        if not references:
            messages.error(request, _("Select at least one order."))
        elif form.is_valid():
            return _cancel_orders(request, event_obj, references, form)
    preview = preview_bulk_cancellation(event_obj, filters.to_order_filter()) if filters.is_valid() else None
    context = {
        "event": event_obj,
        "section": "organize",
        "filters": filters,
        "form": form,
        "preview": preview,
    }
    context["is_truncated"] = preview is not None and preview.match_count > len(preview.order_previews)
    return render(request, "registrations/organize_bulk_cancel.html", context)


def _cancel_orders(
    request: HttpRequest, event: Event, references: list[str], form: BulkCancelForm
) -> HttpResponse:
    cancel = cancel_orders_and_notify if form.cleaned_data["notify_buyers"] else cancel_orders
    cancelled_count = len(cancel(event=event, references=references, reason=form.cleaned_data["reason"]))
    sentence = ngettext(
        "%(orders)d order has been cancelled.", "%(orders)d orders have been cancelled.", cancelled_count
    )
    messages.success(request, sentence % {"orders": cancelled_count})
    if skipped_count := len(set(references)) - cancelled_count:
        sentence = ngettext(
            "%(orders)d order was not cancelled: see the reason in the list.",
            "%(orders)d orders were not cancelled: see the reasons in the list.",
            skipped_count,
        )
        messages.warning(request, sentence % {"orders": skipped_count})
    # With the query string: the list shows the same filter again, without what was cancelled.
    return redirect(request.get_full_path())
