"""REST endpoints: orders, quotes, cancellations, and the organizers' list of registrations."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from convention.api.bodies import render_bodies, render_body, validate_body
from convention.api.models import ApiToken
from convention.api.openapi import PROBLEMS_EXTENSION
from convention.api.pagination import ApiCursorPagination
from convention.api.reading_audit import record_api_read
from convention.api.scopes import HasScope, HasScopeOrNoToken
from convention.club.models import Person
from convention.club.permissions import require_signed_in
from convention.errors import InvalidFields
from convention.events.permissions import get_event_to_organize, get_visible_event
from convention.money import Money
from convention.web.client_network import get_client_network

from .billing.refund_rules import load_refund_terms
from .billing.refund_text import preview_refund
from .booking.place_order import place_order
from .booking.prepare_sale import quote_order
from .changes.cancel import cancel_own_registration, check_attendee_cancellation
from .models import Order, Registration
from .order_context import OrderContext
from .order_request import OrderRequest
from .organizer.registration_list import RegistrationFilter
from .permissions import acts_for_buyer, get_own_registration
from .pricing.catalog import load_requested_catalog
from .pricing.serializers import QuoteResponse, render_quote
from .rate_limits import throttle_code_guesses, throttle_order, throttle_quote
from .serializers import (
    REGISTRATION_EXAMPLE,
    CancellationResponse,
    OrderCreateRequest,
    OrderResponse,
    RegistrationResponse,
)

IDEMPOTENCY_KEY_HEADER = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="Sending the same order again with the same key books nothing again.",
)
LIST_FILTERS = [
    OpenApiParameter("q", str, description="Words in name, company, e-mail or id, without accents or case."),
    OpenApiParameter("ticket", str, description="A ticket's slug."),
    OpenApiParameter("addon", str, description="An add-on's slug."),
    OpenApiParameter("voucher", str, description="A voucher's code."),
    OpenApiParameter("state", str, enum=["", *Registration.State.values]),
    OpenApiParameter("company", str, description="Part of a company's name, in capitals or small letters."),
]

# These operations are open to the public; a token only says who orders.
TOKEN_OR_NOTHING: list[Any] = [{"token": []}, {}]


class OrderCreateView(APIView):
    """Place an order: without an account, as on the public page, or with a token, as its owner."""

    permission_classes = (HasScopeOrNoToken,)
    required_scope = ApiToken.Scope.REGISTRATIONS_WRITE

    @extend_schema(
        request=OrderCreateRequest,
        responses={201: OrderResponse},
        parameters=[IDEMPOTENCY_KEY_HEADER],
        tags=["registrations"],
        operation_id="order",
        auth=TOKEN_OR_NOTHING,
        extensions={PROBLEMS_EXTENSION: ["409", "429"]},
    )
    def post(self, request: Request, event: str) -> Response:
        """Book places for one or more people: all of them, or none.

        A member's place for the owner of the token is confirmed at once; without a token, once the mailed
        link is opened: from then on only the member has the place's link and badge. An order on invoice,
        above zero and without the token of a person whose address is verified, is `pending`: its places are
        held for at least a day, until the buyer opens the mailed link, which replaces the order's own. Sent
        again after its link was replaced, an order leads to the page that e-mails links.
        """
        # Parsed first: a body that is not JSON costs no query. The event is loaded before the body is
        # validated, so that an unknown event is a 404 whatever the body contains.
        body, event_obj = request.data, get_visible_event(event, AnonymousUser())
        order_request: OrderRequest = validate_body(OrderCreateRequest, body)
        catalog = load_requested_catalog(event_obj, order_request.normalize())
        # After the validation, which needs no database: a malformed body is not counted as an order.
        throttle_order(catalog.event, order_request)
        network = get_client_network(request.META)
        throttle_code_guesses(
            catalog.event, order_request.code, catalog.voucher, order_request.email, network=network
        )
        key = request.headers.get("Idempotency-Key", "").strip()
        context = OrderContext(
            source=Order.Source.API,
            idempotency_key=key,
            catalog=catalog,
            person=get_token_owner(request),
            network=network,
        )
        order = place_order(event=catalog.event, request=order_request, context=context)
        return Response(render_body(OrderResponse, order), status=201)


class QuoteView(APIView):
    """Price an order without booking anything; the body is that of an order."""

    permission_classes = (HasScopeOrNoToken,)
    required_scope = ApiToken.Scope.REGISTRATIONS_WRITE

    @extend_schema(
        request=OrderCreateRequest,
        responses={200: QuoteResponse},
        tags=["registrations"],
        operation_id="quote",
        auth=TOKEN_OR_NOTHING,
        extensions={PROBLEMS_EXTENSION: ["409", "429"]},
    )
    def post(self, request: Request, event: str) -> Response:
        """Return the current price of each ticket and add-on, with reasons."""
        event_obj = get_visible_event(event, AnonymousUser())
        order_request: OrderRequest = validate_body(OrderCreateRequest, request.data)
        catalog = load_requested_catalog(event_obj, order_request.normalize())
        throttle_quote(catalog.event, order_request)
        network = get_client_network(request.META)
        throttle_code_guesses(
            catalog.event, order_request.code, catalog.voucher, order_request.email, network=network
        )
        context = OrderContext(catalog=catalog, person=get_token_owner(request))
        quoted, currency = quote_order(event=catalog.event, request=order_request, context=context)
        return Response(render_quote(quoted, currency=currency, zone=catalog.event.zone))


class CancellationView(APIView):
    """Cancel one's own registration, with a token."""

    permission_classes = (IsAuthenticated, HasScope)
    required_scope = ApiToken.Scope.REGISTRATIONS_WRITE

    @extend_schema(
        responses=CancellationResponse, tags=["registrations"], operation_id="cancellation_preview",
        extensions={PROBLEMS_EXTENSION: ["404", "409"]},
    )  # fmt: skip
    def get(self, request: Request, event: str, reference: str) -> Response:
        """Return what cancelling would cost and refund now, without cancelling."""
        person = require_signed_in(request.user)
        registration = get_own_registration(person, event, reference)
        if registration.cancelled_at:
            return Response(render_cancellation(registration, registration.cancellation_fee, []))
        if not acts_for_buyer(registration.order, person):
            check_attendee_cancellation(registration)
        terms = load_refund_terms(registration, at=timezone.now())
        return Response(
            render_cancellation(registration, terms.cancellation_fee, preview_refund(registration))
        )

    @extend_schema(
        request=None, responses=CancellationResponse, tags=["registrations"], operation_id="cancel",
        extensions={PROBLEMS_EXTENSION: ["404", "409"]},
    )  # fmt: skip
    def post(self, request: Request, event: str, reference: str) -> Response:
        """Cancel on the event's terms, and refund what they allow.

        A place that a company's contact ordered and the company pays for is cancelled by its contact only.
        """
        person = require_signed_in(request.user)
        registration = get_own_registration(person, event, reference)
        # Computed before the cancellation: afterwards nothing is left to refund.
        refund_texts = preview_refund(registration)
        registration = cancel_own_registration(registration=registration, person=person)
        return Response(render_cancellation(registration, registration.cancellation_fee, refund_texts))


def render_cancellation(
    registration: Registration, cancellation_fee: int, messages: list[str]
) -> dict[str, Any]:
    """Return the response of a cancellation; the fee is in cents."""
    fee = Money(cancellation_fee, registration.order.currency)
    parts = {"registration": registration, "cancellation_fee": fee, "messages": messages}
    return render_body(CancellationResponse, parts)


def get_token_owner(request: Request) -> Person | None:
    """Return the owner of the request's token, if it has one."""
    return request.user if isinstance(request.user, Person) else None


class RegistrationListView(GenericAPIView[Registration]):
    """List registrations, for programs of an event's organizers."""

    permission_classes = (IsAuthenticated, HasScope)
    required_scope = ApiToken.Scope.REGISTRATIONS_READ
    pagination_class = ApiCursorPagination
    serializer_class = RegistrationResponse

    @extend_schema(
        parameters=LIST_FILTERS,
        responses=RegistrationResponse(many=True),
        examples=[REGISTRATION_EXAMPLE],
        tags=["registrations"],
        operation_id="registrations",
    )
    def get(self, request: Request, event: str) -> Response:
        """Return one page, filtered as on the organizers' page."""
        event_obj = get_event_to_organize(event, request.user)
        validate_state(request.query_params.get("state", ""))
        record_api_read("registrations.read", token=request.auth, event=event_obj)
        rows = (
            RegistrationFilter.from_query(request.query_params)
            .find_registrations(event_obj)
            .select_related("ticket", "order", "event", "voucher")
        )
        rows = rows.prefetch_related("addons__addon")
        page = self.paginate_queryset(rows) or []
        with timezone.override(event_obj.zone):
            return self.get_paginated_response(render_bodies(RegistrationResponse, page))


def validate_state(state: str) -> None:
    """Raise InvalidFields for an unknown state; ignoring it would return everything."""
    if state and state not in Registration.State.values:
        sentence = _("Choose one of these states: %(states)s.") % {
            "states": ", ".join(Registration.State.values)
        }
        raise InvalidFields(sentence, {"state": [sentence]})
