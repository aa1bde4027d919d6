"""Organizers' pages: the list of registrations, and one registration with all actions."""

from collections.abc import Iterator, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_GET, require_POST

from convention import hooks
from convention.audit.record import record_action
from convention.club.permissions import can_correct_names, can_read_directory
from convention.errors import ConventionError, InvalidFields, NotOpenNow
from convention.events.models import Event
from convention.events.permissions import can_administer, get_event_to_organize
from convention.tables.downloads import table_response
from convention.text.dates import format_date
from convention.text.normalize import normalize_whitespace, parse_digits
from convention.text.punctuation import format_last_name_first
from convention.web.forms import get_posted_data, report_refusals
from convention.web.pagination import KeyedPaginator, SinglePassPaginator
from convention.web.routing import require_safe_or_post
from registrations.application_rules import get_new_application_path
from registrations.billing.forms import CancellationFeeForm
from registrations.billing.receivables import calculate_amount_due
from registrations.billing.refund_rules import load_refund_terms
from registrations.billing.refund_summary import load_payment_state, summarize_refund, summarize_settlement
from registrations.billing.refund_terms import RefundTerms
from registrations.booking.verification import awaits_buyer, select_links_after_payment, vouch_for_order
from registrations.changes.cancel import (
    AlreadyCancelled,
    RefundChanged,
    cancel_by_rules,
    cancel_with_fee,
    check_cancellable,
    make_fee_terms,
)
from registrations.changes.correct import (
    MemberAddress,
    can_take_any_address,
    correct_as_organizer,
)
from registrations.changes.forms import (
    CorrectionForm,
    CorrectionReasonForm,
    DirectoryCorrectionForm,
    LateCorrectionForm,
    ReinstatementForm,
)
from registrations.changes.merge import list_merged_registrations
from registrations.changes.reinstatement.reinstate import (
    ReinstatementRefused,
    preview_reinstatement,
    reinstate_and_notify,
    reinstate_registration,
)
from registrations.changes.reinstatement.texts import describe_losses, describe_reinstatement
from registrations.changes.resend import correct_order_address, get_mail_address, resend_mail
from registrations.form_fields import ReasonForm
from registrations.inventory.stock import refresh_availability
from registrations.invoices.models import Quotation
from registrations.models import Registration, Ticket
from registrations.notes.forms import StaffNoteForm
from registrations.notes.staff_notes import load_note_texts
from registrations.permissions import make_own_secret
from registrations.pricing.display import list_price_rows
from registrations.quotations.lookup import filter_quotations
from registrations.sessions.booking import list_session_bookings
from registrations.templatetags.registrations import format_state_tag

from .directory_correction import correct_with_directory, differs_from_directory
from .history import load_history
from .registration_list import (
    UNANSWERED_FILTER,
    UNDELIVERED_FILTER,
    RegistrationFilter,
    load_answers,
    load_mails,
    load_unpaid_state,
    make_registration_sheet,
)

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser


PAGE_SIZE = 50
# The list leaves out answers and other long columns: a page of it has to be fast.
LIST_FIELDS = (
    "reference", "ticket_id", "first_name", "last_name", "email", "company",
    "created_at", "hold_expires_at", "confirmed_at", "cancelled_at",
)  # fmt: skip
# By whether the order is unpaid; None has no price.
PAYMENT_LABELS = {
    True: pgettext_lazy("order", "unpaid"),
    False: pgettext_lazy("order", "paid"),
    None: "",
}
RELATED_FIELDS = (
    "ticket", "order", "person", "member_of", "event", "voucher", "merged_into", "staff_note__written_by",
)  # fmt: skip


def _render_page(request: HttpRequest, template: str, event: Event, **context: Any) -> HttpResponse:
    return render(request, template, {"event": event, "section": "organize", **context})


@require_GET
def registration_list(request: HttpRequest, event: str) -> HttpResponse:
    """List the registrations of an event, searched and filtered, page by page."""
    event_obj = get_event_to_organize(event, request.user)
    active_filter = RegistrationFilter.from_query(request.GET)
    tickets = list(event_obj.tickets.only("event", "slug", "name", "name_en", "audience"))
    is_filtered = active_filter != RegistrationFilter(sort=active_filter.sort)
    # An unfiltered list can be paged by key. A filtered one is counted and cut in a single query.
    paginator_class = SinglePassPaginator if is_filtered else KeyedPaginator
    paginator = paginator_class(
        active_filter.find_registrations(event_obj),
        PAGE_SIZE,
        page_rows=Registration.objects.only(*LIST_FIELDS),
    )
    page = paginator.get_page(request.GET.get("page"))
    return _render_page(
        request,
        "registrations/organizer_registrations.html",
        event_obj,
        page_obj=page,
        rows=_list_rows(list(page), event_obj, tickets, request.GET, active_filter),
        active_filter=active_filter,
        filter_query=_get_filter_query(request.GET),
        is_page_selected=request.GET.get("select") == "page",
        is_all_selected=request.GET.get("select") == "all",
        selected_references=frozenset(request.GET.get("selected", "").split()),
        is_filtered=is_filtered,
        tickets=tickets,
        addons=list(event_obj.addons.all()),
        link_filters=active_filter.list_link_filters(event_obj),
        states=[
            *Registration.State.choices,
            (UNDELIVERED_FILTER, _("e-mail not delivered")),
            (UNANSWERED_FILTER, _("answers missing")),
        ],
        payments=[("unpaid", PAYMENT_LABELS[True]), ("paid", PAYMENT_LABELS[False])],
        quotation_count=0 if page else _count_quotations(event_obj, active_filter, request.user),
        application_path=get_new_application_path(event_obj),
        has_other_tickets=any(not ticket.needs_member_verification for ticket in tickets),
    )


def _count_quotations(event: Event, active_filter: RegistrationFilter, reader: "RequestUser") -> int:
    """Return how many quotations the search finds, for a reader who may open them."""
    if not active_filter.search_text or not can_administer(reader, event):
        return 0
    return filter_quotations(Quotation.objects.filter(event=event), active_filter.search_text).count()


def _get_filter_query(query: QueryDict) -> str:
    """Return the query string of the list without page and selection, for the pages of the actions."""
    remaining_query = query.copy()
    for name in ("page", "select", "selected"):
        remaining_query.pop(name, None)
    return remaining_query.urlencode()


def _list_rows(
    page: Sequence[Registration],
    event: Event,
    tickets: list[Ticket],
    query: QueryDict,
    active_filter: RegistrationFilter,
) -> Iterator[dict[str, str]]:
    """Yield the texts and addresses of each row, ready to show: templates format slowly."""
    titles = {ticket.pk: ticket.title for ticket in tickets}
    keys = [registration.pk for registration in page]
    unpaid_state, notes = load_unpaid_state(keys), load_note_texts(keys)
    list_path = reverse("organize-registrations", args=[event.slug])
    select_label = _("Select %(name)s")
    company_query = query.copy()
    # The company's list starts at its first page.
    for name in ("page", "select", "selected"):
        company_query.pop(name, None)

    @cache
    def build_company_path(company: str) -> str:
        company_query["company"] = company
        return f"?{company_query.urlencode()}"

    # Many rows share a day and a state.
    format_day, format_state = cache(format_date), cache(format_state_tag)
    for registration in page:
        name = registration.name
        is_by_last_name = active_filter.sort != "new" and registration.has_name
        yield {
            "reference": registration.reference,
            "path": f"{list_path}{registration.reference}/",
            "name": format_last_name_first(registration.first_name, registration.last_name)
            if is_by_last_name
            else name,
            "select_label": select_label % {"name": name},
            "email": registration.email,
            "company": registration.company,
            "company_path": build_company_path(registration.company),
            "ticket": titles[registration.ticket_id],
            "note": notes.get(registration.pk, ""),
            "state": format_state(registration.state),
            "payment": str(PAYMENT_LABELS[unpaid_state.get(registration.pk)]),
            "day": format_day(registration.created_at.astimezone(event.zone).date()),
        }


@require_GET
def registration_export(request: HttpRequest, event: str, kind: str) -> HttpResponse:
    """Return the filtered list as a file."""
    event_obj = get_event_to_organize(event, request.user)
    sheet = make_registration_sheet(
        event_obj, RegistrationFilter.from_query(request.GET).find_registrations(event_obj)
    )
    record_action("registrations.export", event_obj, event=event_obj, fields=[kind])
    return table_response(sheet, name=f"{event_obj.slug}-{_('registrations')}", kind=kind)


def _get_registration(event: Event, reference: str) -> Registration:
    rows = Registration.objects.select_related(*RELATED_FIELDS)
    with_addons = rows.prefetch_related("addons__addon")
    return get_object_or_404(with_addons, event=event, reference=reference)


@require_safe_or_post
def registration_detail(request: HttpRequest, event: str, reference: str) -> HttpResponse:
    """Show one registration; a POST corrects it."""
    event_obj = get_event_to_organize(event, request.user)
    registration = _get_registration(event_obj, reference)
    form = _build_correction_form(registration, get_posted_data(request))
    reason = _build_reason_form(request, registration, get_posted_data(request))
    has_address_error = False
    if request.method == "POST" and form.is_valid() and reason.is_valid():
        # Only offered where `_build_reason_form` shows the choice, so the permission was checked there.
        correct = correct_with_directory if reason.cleaned_data.get("directory") else correct_as_organizer
        try:
            correct(
                registration=registration,
                correction=form.to_correction(),
                reason=reason.cleaned_data["reason"],
                member_address=MemberAddress.ANY
                if "any_address" in request.POST
                else MemberAddress.AS_IN_DIRECTORY,
            )
        except InvalidFields as error:
            form.add_errors(error.field_errors)
            has_address_error = "email" in error.field_errors
        except NotOpenNow as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Your correction has been saved."))
            return redirect("organize-registration", event, reference)
    offers_any_address = has_address_error and can_take_any_address(registration)
    return _render_registration(
        request, registration, form=form, reason=reason, offers_any_address=offers_any_address
    )


def _build_correction_form(registration: Registration, data: QueryDict | None = None) -> CorrectionForm:
    """Return the form with the fields that an organizer can still correct."""
    form = LateCorrectionForm if registration.event.is_over() else CorrectionForm
    return form.from_registration(registration, data)


def _build_reason_form(
    request: HttpRequest, registration: Registration, form_data: QueryDict | None = None
) -> ReasonForm:
    """Return the form for the reason; with the choice to correct the directory, if the user may do so."""
    form = (
        DirectoryCorrectionForm
        if registration.person and can_correct_names(request.user)
        else CorrectionReasonForm
    )
    return form(form_data, prefix="correct")


def _render_registration(request: HttpRequest, registration: Registration, **forms: Any) -> HttpResponse:
    """Render the page of one registration; `forms` replace the unfilled ones."""
    attendance = hooks.registration_attendance.provider()(registration)
    forms = {
        "form": _build_correction_form(registration),
        "reason": _build_reason_form(request, registration),
        "fee_form": CancellationFeeForm(prefix="cancel"),
        "reinstatement_form": ReinstatementForm(prefix="reinstate"),
        "note_form": StaffNoteForm.from_registration(registration),
        **forms,
    }
    return _render_page(
        request,
        "registrations/organizer_registration.html",
        registration.event,
        registration=registration,
        is_event_over=registration.event.is_over(),
        # A private place is not opened by the order's link.
        manage_path=registration.order.build_path_with(make_own_secret(registration))
        if registration.is_private
        else registration.order.manage_path,
        differs_from_directory=differs_from_directory(registration),
        can_read_directory=can_read_directory(request.user),
        rows=list_price_rows(registration),
        merged_registrations=list_merged_registrations(registration),
        refund_preview=summarize_refund(registration),
        siblings=list(registration.order.registrations.exclude(pk=registration.pk).select_related("ticket")),
        attendance=attendance,
        history=load_history(registration, attendance.entries, reader=request.user),
        session_bookings=list(list_session_bookings(registration)),
        has_sessions=registration.event.sessions.filter(is_bookable=True).exists(),
        settlement_sentences=summarize_settlement(registration.order, [registration]),
        **load_payment_state(registration.order),
        has_mail_address=bool(get_mail_address(registration)),
        can_vouch=registration.order.awaits_verification and awaits_buyer(registration.order, registration),
        **load_mails(registration),
        **load_answers(registration),
        **_load_reinstatement(registration),
        **forms,
    )


@require_safe_or_post
def registration_cancel(request: HttpRequest, event: str, reference: str) -> HttpResponse:
    """Cancel by the refund rules or with another fee, once the organizer has confirmed what it comes to."""
    registration = _get_registration(get_event_to_organize(event, request.user), reference)
    # The language switch of the question leads here by GET.
    if request.method != "POST":
        return redirect("organize-registration", event, reference)
    fee_form = CancellationFeeForm(request.POST, prefix="cancel")
    if not fee_form.is_valid():
        return _render_registration(request, registration, fee_form=fee_form)
    reason = normalize_whitespace(fee_form.cleaned_data["reason"])
    try:
        check_cancellable(registration)
        is_cancelled = _try_to_cancel(request, registration, fee_form.fee_cents, reason)
        if not is_cancelled:
            terms = _get_refund_terms(registration, fee_form.fee_cents, reason)
            return _render_cancellation(request, registration, fee_form, terms)
    except InvalidFields as error:
        fee_form.add_errors(error.field_errors)
        return _render_registration(request, registration, fee_form=fee_form)
    except (NotOpenNow, AlreadyCancelled) as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request, _("%(name)s’s registration has been cancelled.") % {"name": registration.name}
        )
    return redirect("organize-registration", event, reference)


def _get_refund_terms(registration: Registration, fee_cents: int | None, reason: str) -> RefundTerms:
    """Return the terms of the rules, or those with the organizer's fee. Raise InvalidFields."""
    if fee_cents is None:
        return load_refund_terms(registration, at=timezone.now())
    due_cents = calculate_amount_due(registration)
    return make_fee_terms(registration, due_cents, fee_cents=fee_cents, reason=reason)


def _render_cancellation(
    request: HttpRequest,
    registration: Registration,
    fee_form: CancellationFeeForm,
    terms: RefundTerms,
) -> HttpResponse:
    """Ask for a confirmation of the cancellation on these terms."""
    return _render_page(
        request,
        "registrations/organizer_cancel.html",
        registration.event,
        registration=registration,
        fee_form=fee_form,
        terms=terms,
        sentences=summarize_refund(registration, terms),
    )


def _try_to_cancel(
    request: HttpRequest, registration: Registration, fee_cents: int | None, reason: str
) -> bool:
    """Cancel if the organizer has confirmed the fee and it is still the same; return whether it was done."""
    # A deadline of the refund rules may have passed since the organizer saw the fee.
    seen_cents = parse_digits(request.POST.get("confirmed_fee", ""))
    if seen_cents is None:
        return False
    cancel = cancel_by_rules if fee_cents is None else partial(cancel_with_fee, fee_cents=fee_cents)
    try:
        cancel(registration=registration, reason=reason, expected_fee_cents=seen_cents)
    except RefundChanged as error:
        messages.warning(request, str(error))
        return False
    return True


@require_safe_or_post
def registration_reinstate(request: HttpRequest, event: str, reference: str) -> HttpResponse:
    """Reinstate a cancelled registration, with an e-mail or without."""
    registration = _get_registration(get_event_to_organize(event, request.user), reference)
    # The language switch of the page with the form's errors leads here by GET.
    if request.method != "POST" or not registration.cancelled_at:
        return redirect("organize-registration", event, reference)
    form = ReinstatementForm(request.POST, prefix="reinstate")
    if not form.is_valid():
        return _render_registration(request, registration, reinstatement_form=form)
    # Before the transaction: releasing holds locks other orders and the stock before this order's sessions.
    refresh_availability([registration.ticket], at=timezone.now())
    reinstate = reinstate_and_notify if form.cleaned_data["is_notified"] else reinstate_registration
    try:
        reinstatement = reinstate(
            registration=registration, reason=normalize_whitespace(form.cleaned_data["reason"])
        )
    except ConventionError as error:
        form.add_error(None, str(error))
        return _render_registration(request, registration, reinstatement_form=form)
    messages.success(request, _("%(name)s’s registration has been reinstated.") % {"name": registration.name})
    for sentence in describe_losses(reinstatement):
        messages.warning(request, sentence)
    return redirect("organize-registration", event, reference)


def _load_reinstatement(registration: Registration) -> dict[str, Any]:
    """Return what a cancelled registration gets back in sentences, or the objection to reinstating it."""
    if not registration.cancelled_at:
        return {}
    refresh_availability([registration.ticket], at=timezone.now())
    try:
        reinstatement = preview_reinstatement(registration)
    except ReinstatementRefused as refusal:
        return {"reinstatement_objection": str(refusal)}
    return {
        "reinstatement_sentences": describe_reinstatement(registration, reinstatement),
        "can_be_notified": bool(registration.order.email or registration.is_private),
    }


@require_POST
def order_vouch(request: HttpRequest, event: str, reference: str) -> HttpResponse:
    """Confirm the order of a buyer who has not opened the mailed link."""
    registration = _get_registration(get_event_to_organize(event, request.user), reference)
    reason = normalize_whitespace(request.POST.get("reason", "")[:300])
    try:
        order = vouch_for_order(order=registration.order, reason=reason)
    except ConventionError as error:
        messages.error(request, str(error))
        return redirect("organize-registration", event, reference)
    messages.success(request, _("Order %(reference)s is confirmed.") % {"reference": order.reference})
    return redirect("organize-registration", event, reference)


@require_POST
def mail_resend(request: HttpRequest, event: str, reference: str) -> HttpResponse:
    """Send the registration's mail again, to a corrected address if one was typed."""
    registration = _get_registration(get_event_to_organize(event, request.user), reference)
    email = request.POST.get("email", "")[:254]
    # Another address is still saved: the link goes there after the payment.
    if not email and select_links_after_payment(registration.order, [registration]):
        sentence = _(
            "No e-mail was sent: the link that confirms %(name)s’s place is sent once the order is paid."
        )
        messages.info(request, sentence % {"name": registration.name})
        return redirect("organize-registration", event, reference)
    resend = correct_order_address if "order" in request.POST else resend_mail
    with report_refusals(request):
        address = resend(registration=registration, email=email)
        messages.success(request, _("We are sending the e-mail to %(email)s.") % {"email": address})
    return redirect("organize-registration", event, reference)
