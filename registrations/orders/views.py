"""The pages behind an order's link: see it, correct it, cancel it, add it to a calendar."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_safe

from convention import hooks
from convention.club.models import Person
from convention.events.cancellations import find_cancellation_time
from convention.events.models import Event
from convention.tables.downloads import CALENDAR_TYPE, attachment_response
from convention.text.email_addresses import is_same_email
from convention.web.routing import require_safe_or_post
from registrations.application_rules import get_application_path
from registrations.billing.change_billing import can_change_billing_details
from registrations.billing.receivables import (
    find_stored_receivable,
    list_active_sponsorships,
)
from registrations.billing.refund_summary import load_order_balance, select_unplaced_orders
from registrations.billing.refund_text import (
    describe_settlement,
    list_paid_cancellations,
    load_refund_history,
    preview_refund,
    preview_refund_reason,
)
from registrations.booking.holds import find_hold_end
from registrations.booking.membership_places import is_transferable
from registrations.booking.verification import (
    awaits_attendee,
    awaits_buyer,
    awaits_buyer_alone,
    get_paid_price,
    get_verification_deadline,
    select_links_after_payment,
)
from registrations.changes.addons import (
    load_addons_on_sale,
    select_addons_of_link,
    select_removable_addons,
)
from registrations.changes.cancel import (
    CancelledBy,
    cancel_as_attendee,
    cancel_registration,
    check_own_cancellation,
    is_left_to_contact,
)
from registrations.changes.change_order import can_change_language
from registrations.invoices.documents.buyer_document import choose_buyer_document
from registrations.models import Order, Registration, SessionBooking, Sponsorship
from registrations.permissions import (
    LinkAccess,
    RegistrationLink,
    find_refused_seconds,
    get_order_by_link,
    list_own_registrations,
)
from registrations.pricing.display import describe_vat, list_price_rows, sum_order_vat
from registrations.questions.answers import (
    describe_answers,
    select_asked_questions,
    select_open_questions,
    select_unasked_questions,
)
from registrations.questions.queries import load_questions
from registrations.sessions.awaited import load_awaited_sessions
from registrations.sessions.booking import get_attendee_audience, list_session_bookings
from registrations.sessions.choices import find_unbooked_ids
from registrations.sessions.permissions import recognize_link_reader
from schedule.models import ProgrammeAudience

from .calendar import build_calendar_file
from .cancellation_views import find_cancellable_references
from .name_views import list_places_to_name
from .order_state import (
    OpenStep,
    describe_confirmation,
    describe_state_for_reader,
    list_names_by_state,
    list_open_steps,
)
from .payment_terms import PAGE_INVOICE_TEXTS, describe_coming_invoice
from .related_orders import list_related_orders
from .second_registrations import list_second_registration_links

UNPAID_STATES = {Registration.State.PENDING, Registration.State.EXPIRED}


@never_cache
@require_GET
def order_detail(request: HttpRequest, reference: str, secret: str) -> HttpResponse:
    """Show the order, its registrations and the possible actions."""
    link_access = get_order_by_link(reference, secret)
    order, event = link_access.order, link_access.order.event
    # With private places: the order is not cancelled as long as one of them is active.
    states = {
        registration.state
        for registration in (*link_access.registrations, *link_access.private_registrations)
    }
    _attach_answers(link_access)
    _attach_badge_symbols(link_access)
    _set_can_change_addons(link_access)
    _set_can_see_prices(link_access)
    _set_can_transfer(link_access)
    _set_refused_seconds(request, link_access)
    packages = list(list_active_sponsorships(order))
    context = {
        "link_access": link_access,
        "order": order,
        "event": event,
        "states": states,
        "can_replace_link": link_access.is_full or any(row.is_private for row in link_access.registrations),
        "can_change_language": can_change_language(link_access),
        "can_request_erasure": bool(link_access.reader_address) and not order.awaits_verification,
        "headline": describe_state_for_reader(link_access),
        "names_by_state": list_names_by_state(link_access.registrations),
        "confirmation": describe_confirmation(link_access, at=timezone.now()),
        "awaiting_buyer": [row for row in link_access.registrations if awaits_buyer(order, row)],
        **_load_money(link_access, packages, states),
        "is_merged": all(row.merged_into_id for row in link_access.registrations),
        **_describe_cancellation(event, states),
        **_list_price_rows(link_access),
        "wallets": list_wallet_links(),
        "settlement_sentences": _describe_visible_settlement(link_access),
        "vat": [
            describe_vat(total, order.currency)
            for total in sum_order_vat(
                order, [*link_access.registrations, *link_access.private_registrations], packages
            )
        ],
        **(_describe_buyer_document(order) if link_access.is_full else {}),
        "related_orders": list_related_orders(link_access, request.user),
        "second_registrations": _list_second_registrations(request, link_access),
        "is_of_sponsor": order.sponsorships.exists(),
        "open_steps": _list_order_steps(link_access),
        **_list_offered_actions(link_access),
        **_attach_session_bookings(link_access),
    }
    return _recognize_reader(request, link_access, render(request, "registrations/order.html", context))


def _recognize_reader(request: HttpRequest, link_access: LinkAccess, response: HttpResponse) -> HttpResponse:
    for registration in link_access.registrations:
        recognize_link_reader(request, response, registration, link_access)
    return response


def _describe_cancellation(event: Event, states: set[str]) -> dict[str, object]:
    """Return whether the places and when the event was cancelled, and whether a job still cancels places."""
    return {
        "is_cancelled": states == {Registration.State.CANCELLED},
        "cancelled_at": find_cancellation_time(event),
        "awaits_event_cancellation": bool(event.cancelled_at) and Registration.State.CONFIRMED in states,
    }


def _list_price_rows(link_access: LinkAccess) -> dict[str, object]:
    """Return the registrations with their prices, those to be named together apart, as template context."""
    unnamed = list_places_to_name(link_access)
    # One place without a name is as short as the form that names several.
    folded = unnamed if len(unnamed) > 1 else []
    return {
        "unnamed_places": [(row, list_price_rows(row)) for row in folded],
        "price_rows": [(row, list_price_rows(row)) for row in link_access.registrations if row not in folded],
    }


def _describe_visible_settlement(link_access: LinkAccess) -> list[str]:
    visible = [row for row in link_access.registrations if link_access.can_see_prices(row)]
    cancelled = list_paid_cancellations(visible)
    sentences = describe_settlement(link_access.order, cancelled)
    if len(cancelled) < 2:
        return sentences
    # The page and the e-mail of each cancellation named its own amount, not the sum.
    return [_("In all, for the %(count)d cancelled places:") % {"count": len(cancelled)}, *sentences]


def _list_order_steps(link_access: LinkAccess) -> list[OpenStep]:
    steps = list_open_steps([row for row in link_access.registrations if row.is_active])
    return [step for row in link_access.registrations for step in steps.get(row.pk, [])]


def _list_second_registrations(request: HttpRequest, link_access: LinkAccess) -> list[RegistrationLink]:
    """Return the signed-in reader's registrations in other orders for attendees of this one."""
    active = [row for row in link_access.registrations if row.is_active]
    attendees = [(row.first_name, row.last_name, row.email) for row in active]
    links = list_second_registration_links(request.user, link_access.order.event, attendees) if active else []
    return [link for link in links if link.registration.order_id != link_access.order.pk]


def _load_money(link_access: LinkAccess, packages: list[Sponsorship], states: set[str]) -> dict[str, object]:
    """Return the order's balance and whether a payment is the next step, as template context."""
    order = link_access.order
    money = load_order_balance(order)
    # The treasurer lists exactly these orders (`payments.payment_problems`), and refunds them.
    is_unplaced = money["paid"].amount > 0 and select_unplaced_orders().filter(pk=order.pk).exists()
    awaits_payment = (
        order.is_by_card and bool(states & UNPAID_STATES) and money["balance"].amount > 0 and not is_unplaced
    )
    return {
        **money,
        **load_refund_history(order, money["paid"]),
        "awaits_payment": awaits_payment,
        "payment_hold_ends_at": find_hold_end(
            [*packages, *link_access.registrations, *link_access.private_registrations]
        ),
        "is_unplaced": is_unplaced,
    }


def _describe_buyer_document(order: Order) -> dict[str, object]:
    """Return what the buyer can download and change, and when the invoice comes, as template context."""
    receivable = find_stored_receivable(order)
    document = choose_buyer_document(receivable)
    sentence = describe_coming_invoice(order, document, PAGE_INVOICE_TEXTS) if order.total else ""
    return {
        "buyer_document": document,
        "issued_documents": list(receivable.invoices.all()) if receivable else [],
        "invoice_sentence": sentence,
        "can_change_billing": can_change_billing_details(order),
    }


def _list_offered_actions(link_access: LinkAccess) -> dict[str, bool]:
    """Return which actions and further pages the page offers, as template context."""
    event, now = link_access.order.event, timezone.now()
    return {
        "can_change": not event.is_over(at=now) and not event.cancelled_at,
        # Also for a cancelled event: what was paid for a place that was not confirmed is refunded by this.
        "can_cancel_expired": not event.is_over(at=now),
        "has_feedback": any(find_page(event) for find_page in hooks.feedback_page.providers()),
        "has_certificates": any(is_open(event) for is_open in hooks.certificate_page.providers()),
        "can_cancel_several": link_access.is_full
        and len(find_cancellable_references(link_access.order, link_access.registrations)) > 1,
        "can_register_another": link_access.is_full
        and event.is_registration_open(at=now)
        and not get_application_path(event),
        "has_several_badges": sum(
            row.state == Registration.State.CONFIRMED and row.has_name for row in link_access.registrations
        )
        > 1,
        "is_link_permanent": _is_link_permanent(link_access),
    }


def _is_link_permanent(link_access: LinkAccess) -> bool:
    """Return whether the link stays.

    Once a mailed link confirms the buyer's address, another one replaces it; a colleague's own link does not.
    """
    order = link_access.order
    awaits_buyers_link = any(
        row.state == Registration.State.PENDING
        and row.awaits_member_verification
        and is_same_email(row.email, order.email)
        for row in link_access.registrations
    )
    return not order.awaits_verification and (order.is_by_card or not awaits_buyers_link)


def _attach_answers(link_access: LinkAccess) -> None:
    """Set what the page shows of each registration: answers, open questions, whether it awaits the buyer."""
    order = link_access.order
    questions = load_questions(order.event)
    awaiting_payment = select_links_after_payment(order, link_access.registrations)
    for registration in link_access.registrations:
        can_see_answers = link_access.can_see_answers(registration)
        asked = select_asked_questions(questions, registration.ticket, registration.answers)
        registration.has_questions = can_see_answers and bool(asked)
        registration.answer_texts = (
            list(describe_answers(questions, registration.answers)) if can_see_answers else []
        )
        registration.open_questions = select_open_questions(
            questions, registration.ticket, registration.answers
        )
        registration.unasked_questions = (
            select_unasked_questions(questions, registration) if can_see_answers else []
        )
        registration.awaits_buyer_verification = awaits_buyer_alone(order, registration)
        registration.awaits_payment_first = registration in awaiting_payment
        registration.is_left_to_contact = not link_access.is_full and is_left_to_contact(registration)
        registration.is_confirmed_by_other = link_access.is_full and awaits_attendee(order, registration)
        if link_access.is_full and registration.awaits_member_verification:
            registration.paid_unverified = get_paid_price(registration)
            registration.refund_at = get_verification_deadline(registration)


def _set_refused_seconds(request: HttpRequest, link_access: LinkAccess) -> None:
    """Set which places the signed-in reader cannot confirm, having one; nobody else may learn of that one."""
    waiting = [row for row in link_access.registrations if row.awaits_member_verification]
    if waiting and isinstance(request.user, Person):
        own_registrations = list_own_registrations(request.user, events=[link_access.order.event])
        refused = find_refused_seconds(request.user, own_registrations)
        for registration in waiting:
            registration.is_refused_second = registration.pk in refused


def _attach_badge_symbols(link_access: LinkAccess) -> None:
    """Set the QR symbol of each badge until the event is over; "" where there is no badge."""
    symbols: dict[int, SafeString] = {}
    if not link_access.order.event.is_over():
        for draw_symbols in hooks.badge_symbols.providers():
            symbols |= draw_symbols(link_access.registrations)
    for registration in link_access.registrations:
        registration.badge_symbol = symbols.get(registration.pk, "")


def _set_can_change_addons(link_access: LinkAccess) -> None:
    """Set whether an add-on can be added to each registration, on sale and left, or removed from it."""
    event = link_access.order.event
    on_sale = load_addons_on_sale([event])[event.pk]
    for registration in link_access.registrations:
        addable = select_addons_of_link(link_access, registration, on_sale)
        available = [addon for addon in addable if addon.remaining != 0]
        registration.can_change_addons = bool(
            available or select_removable_addons(link_access, registration, at=timezone.now())
        )
        was_asked = bool(registration.active_addons) or not _is_from_waiting_list(link_access.order)
        registration.unasked_addons = [] if was_asked else available


def _is_from_waiting_list(order: Order) -> bool:
    """Return whether the order accepted an offer, whose page asks for neither answers nor add-ons."""
    return order.source == Order.Source.WAITING_LIST


def _set_can_see_prices(link_access: LinkAccess) -> None:
    for registration in link_access.registrations:
        registration.can_see_prices = link_access.can_see_prices(registration)


def _set_can_transfer(link_access: LinkAccess) -> None:
    """Set which places can be given to a colleague; the address of an unconfirmed one is corrected."""
    is_open = timezone.now() <= link_access.order.event.substitution_deadline
    for registration in link_access.registrations:
        registration.can_transfer = is_open and is_transferable(registration)


def list_wallet_links() -> list[tuple[str, str]]:
    """Return the URL names and button labels of the phone wallets that are configured."""
    return [
        (name, title)
        for name, title, configured in (
            ("order-apple-pass", _("Apple Wallet"), settings.APPLE_PASS_CERTIFICATE),
            ("order-google-pass", _("Google Wallet"), settings.GOOGLE_WALLET_KEY),
        )
        if configured
    ]


def _attach_session_bookings(link_access: LinkAccess) -> dict[str, object]:
    """Attach session bookings and waits to each registration; return whether any session takes bookings."""
    # One query for all registrations of the order.
    rows = SessionBooking.objects.active().filter(registration__in=[r.pk for r in link_access.registrations])
    booked: dict[int, list[SessionBooking]] = {}
    for session_booking in rows.select_related("session").order_by("session__starts_at", "pk"):
        booked.setdefault(session_booking.registration_id, []).append(session_booking)
    awaited = load_awaited_sessions(link_access.registrations)
    for registration in link_access.registrations:
        registration.shown_session_bookings = booked.get(registration.pk, [])
        registration.awaited_sessions = [
            (row, row.describe(link_access.order.event)) for row in awaited.get(registration.pk, [])
        ]
    has_sessions = bool(booked or awaited) or _has_bookable_sessions(link_access)
    unbooked_ids = find_unbooked_ids(link_access.registrations) if has_sessions else set()
    for registration in link_access.registrations:
        registration.has_unchosen_sessions = registration.pk in unbooked_ids
        registration.has_programme = has_sessions and link_access.opens_programme_of(registration)
    return {"has_sessions": has_sessions}


def _has_bookable_sessions(link_access: LinkAccess) -> bool:
    """Return whether an attendee of the link sees a session that takes bookings."""
    sessions = link_access.order.event.sessions
    for audience in ProgrammeAudience:
        if sessions.published(audience=audience).filter(is_bookable=True).exists():
            attendees = link_access.registrations
            return audience is ProgrammeAudience.PUBLIC or any(
                get_attendee_audience(registration) is audience for registration in attendees
            )
    return False


@never_cache
@csrf_exempt  # changes nothing; any other method gets a 405, not a CSRF error
@require_safe
def order_calendar(request: HttpRequest, reference: str, secret: str) -> HttpResponse:
    """Return the event and the booked sessions as a calendar file."""
    link_access = get_order_by_link(reference, secret)
    name = f"{link_access.order.event.slug}.ics"
    return attachment_response(
        build_calendar_file(link_access), name=name, mimetype=f"{CALENDAR_TYPE}; method=PUBLISH"
    )


@never_cache
@require_safe_or_post
def registration_cancellation(request: HttpRequest, reference: str, secret: str, person: str) -> HttpResponse:
    """Show the fee and the refund of a cancellation; a POST cancels."""
    link_access = get_order_by_link(reference, secret)
    registration = link_access.get_registration(person)
    if request.method != "POST" and not link_access.is_full and is_left_to_contact(registration):
        return redirect("order-absence", reference, secret, person)
    if request.method == "POST":
        if link_access.is_full:
            cancel_registration(registration=registration, cancelled_by=CancelledBy.BUYER)
        else:
            cancel_as_attendee(registration=registration)
        messages.success(
            request, _("%(name)s’s registration has been cancelled.") % {"name": registration.name}
        )
        return redirect("order", reference, secret)
    check_own_cancellation(registration)
    context = {
        "link_access": link_access,
        "event": link_access.order.event,
        "registration": registration,
        "sessions": [booking.session for booking in list_session_bookings(registration)],
        "awaited_sessions": load_awaited_sessions([registration]).get(registration.pk, []),
        # The company's contact would give the place to another colleague.
        "is_company_place": link_access.order.source == Order.Source.COMPANY_CONTACT
        and not link_access.is_full,
        "can_transfer": (
            timezone.now() <= link_access.order.event.substitution_deadline and is_transferable(registration)
        ),
    }
    refund_goes_to_buyer = registration.full_price > 0 and not link_access.can_see_prices(registration)
    preview = preview_refund_reason if refund_goes_to_buyer else preview_refund
    context["refund_preview"] = preview(registration)
    context["refund_goes_to_buyer"] = refund_goes_to_buyer
    return render(request, "registrations/cancel.html", context)
