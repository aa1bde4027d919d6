"""Orders and registrations for programs."""

from dataclasses import replace
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from convention.api.answers import PROBLEMS
from convention.api.models import ApiToken
from convention.api.pagination import CursorPages
from convention.api.scopes import HasScope, NoTokenOrScope
from convention.api.trail import record_reading
from convention.club.doors import signed_in
from convention.club.models import Person
from convention.errors import InvalidFields, NotFound
from convention.events.doors import event_to_organize
from convention.events.models import Event
from convention.network import network_of

from .cancel import cancel
from .doors import own_registration
from .kept_sale import Outdated, kept_sale, read_sale
from .limits import refuse_flood, refuse_guesses, refuse_many_quotes
from .listing import Filter
from .models import Order, Registration
from .on_sale import OnSale
from .order_context import Means
from .price_words import as_data, reduction_data, reductions_of
from .refund_rules import terms_of
from .refund_words import foreseen
from .register import look_up, register
from .serializers import (
    CancellationAnswer,
    OrderAnswer,
    OrderBody,
    QuoteAnswer,
    RegistrationAnswer,
    code_asked,
    read_order,
    tickets_asked,
)

KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="Sending the same order again with the same key books nothing again.",
)
FILTERS = [
    OpenApiParameter("q", str, description="Words in name, company, e-mail or id, without accents or case."),
    OpenApiParameter("ticket", str, description="A ticket's slug."),
    OpenApiParameter("addon", str, description="An add-on's slug."),
    OpenApiParameter("voucher", str, description="A voucher's code."),
    OpenApiParameter("state", str, enum=["", *Registration.State.values]),
    OpenApiParameter("company", str, description="A company, as written."),
]


class Orders(APIView):
    """Register, as the page does: public, without an account; by a token as whoever it belongs to."""

    permission_classes = (NoTokenOrScope,)
    required_scope = ApiToken.Scope.REGISTRATIONS_WRITE

    @extend_schema(
        request=OrderBody,
        responses={201: OrderAnswer},
        parameters=[KEY],
        tags=["registrations"],
        operation_id="order",
        extensions={PROBLEMS: ["409", "429"]},
    )
    def post(self, request: Request, event: str) -> Response:
        """Book places for one or more people: all of them, or none.

        A member's place for the owner of the token is confirmed at once; without a token, once the mailed
        link is opened: from then on the member alone has the place's link and badge. An order on invoice,
        above zero and without the token of a person whose address is verified, is `pending`: its places are
        held for at least a day, until the buyer opens the mailed link, which replaces the order's own. Sent
        again after its link was replaced, an order leads to the page that e-mails links.
        """
        sold = kept_sale(*asked_of(event, request.data)) or sold_at(event, request.data)
        wanted = read_order(request.data)
        refuse_flood(sold.event, wanted)
        network = network_of(request.META)
        refuse_guesses(sold.event, wanted.code, sold.voucher, wanted.email, network=network)
        key = request.headers.get("Idempotency-Key", "").strip()
        means = Means(source="api", key=key, sold=sold, person=owner(request), network=network)
        try:
            order = register(event=sold.event, request=wanted, means=means)
        except Outdated:
            sold = sold_at(event, request.data)
            order = register(event=sold.event, request=wanted, means=replace(means, sold=sold))
        return Response(answer_of(order), status=201)


class Quotes(APIView):
    """What an order would cost: the same body, and nothing is booked."""

    permission_classes = (NoTokenOrScope,)
    required_scope = ApiToken.Scope.REGISTRATIONS_WRITE

    @extend_schema(
        request=OrderBody,
        responses={200: QuoteAnswer},
        tags=["registrations"],
        operation_id="quote",
        extensions={PROBLEMS: ["409", "429"]},
    )
    def post(self, request: Request, event: str) -> Response:
        """The price of each ticket and add-on now, with the reasons."""
        sold = sold_at(event, request.data)
        wanted = read_order(request.data)
        refuse_many_quotes(sold.event, wanted)
        network = network_of(request.META)
        refuse_guesses(sold.event, wanted.code, sold.voucher, wanted.email, network=network)
        means = Means(sold=sold, person=owner(request))
        quoted, currency = look_up(event=sold.event, request=wanted, means=means)
        return Response(as_data(quoted, currency=currency, zone=sold.event.zone))


class Cancellation(APIView):
    """Cancel one's own registration, by a token."""

    permission_classes = (IsAuthenticated, HasScope)
    required_scope = ApiToken.Scope.REGISTRATIONS_WRITE

    @extend_schema(
        responses=CancellationAnswer, tags=["registrations"], operation_id="cancellation_foreseen",
        extensions={PROBLEMS: ["404"]},
    )  # fmt: skip
    def get(self, request: Request, event: str, reference: str) -> Response:
        """What cancelling it would come to now, in sentences."""
        registration = own_registration(signed_in(request.user), event, reference)
        if registration.cancelled_at:
            return Response(cancellation(registration, registration.kept, []))
        terms = terms_of(registration, at=timezone.now())
        return Response(cancellation(registration, terms.kept, foreseen(registration)))

    @extend_schema(
        request=None, responses=CancellationAnswer, tags=["registrations"], operation_id="cancel",
        extensions={PROBLEMS: ["404", "409"]},
    )  # fmt: skip
    def post(self, request: Request, event: str, reference: str) -> Response:
        """Cancel it on the event's terms; what was paid goes back as far as they say."""
        registration = own_registration(signed_in(request.user), event, reference)
        said = foreseen(registration)
        registration = cancel(registration=registration)
        return Response(cancellation(registration, registration.kept, said))


def cancellation(registration: Registration, kept: int, said: list[str]) -> dict[str, Any]:
    """What a program gets to know of it."""
    price = {"amount": kept, "currency": registration.order.currency}
    return {"id": registration.reference, "state": registration.state, "kept": price, "said": said}


def owner(request: Request) -> Person | None:
    """Whose token it is, if any."""
    return request.user if isinstance(request.user, Person) else None


def asked_of(event: str, body: Any) -> tuple[str, set[str], str]:
    """What of an event a body asks for, as far as it can be read: tickets and a code."""
    return event, tickets_asked(body), code_asked(body)


def sold_at(event: str, body: Any) -> OnSale:
    """What a body asks for, as far as it can be read. Raises NotFound, the same for a draft."""
    sold = read_sale(*asked_of(event, body))
    if sold is None or sold.event.visibility == Event.Visibility.DRAFT:
        raise NotFound(_("There is no event at this address."))
    return sold


class Registrations(GenericAPIView[Registration]):
    """The list of registrations, for programs of those who run the event."""

    permission_classes = (IsAuthenticated, HasScope)
    required_scope = ApiToken.Scope.REGISTRATIONS_READ
    pagination_class = CursorPages
    serializer_class = RegistrationAnswer

    @extend_schema(
        parameters=FILTERS,
        responses=RegistrationAnswer(many=True),
        tags=["registrations"],
        operation_id="registrations",
    )
    def get(self, request: Request, event: str) -> Response:
        """One page, filtered as the organizer's page is."""
        found = event_to_organize(event, request.user)
        require_state(request.query_params.get("state", ""))
        record_reading("registrations.read", token=request.auth, event=found)
        rows = (
            Filter.of(request.query_params).apply(found).select_related("ticket", "order", "event", "voucher")
        )
        rows = rows.prefetch_related("addons__addon")
        page = self.paginate_queryset(rows) or []
        return self.get_paginated_response([listed(registration) for registration in page])


def require_state(given: str) -> None:
    """Raises InvalidFields for a state that there is not: a program would take all for what it asked."""
    if given and given not in Registration.State.values:
        sentence = _("The state is one of: %(states)s.") % {"states": ", ".join(Registration.State.values)}
        raise InvalidFields(sentence, {"state": [sentence]})


def listed(registration: Registration) -> dict[str, Any]:
    """One registration as the list says it."""
    return {
        "id": registration.reference,
        "order": registration.order.reference,
        "state": registration.state,
        "ticket": registration.ticket.slug,
        "first_name": registration.first_name,
        "last_name": registration.last_name,
        "email": registration.email,
        "company": registration.company,
        "no_photo": registration.no_photo,
        "price": {"amount": registration.price, "currency": registration.order.currency},
        "reductions": [reduction_data(one, registration.event.zone) for one in reductions_of(registration)],
        "addons": [{"addon": one.addon.slug, "price": one.price} for one in registration.besides],
        "registered_at": timezone.localtime(registration.created_at).isoformat(timespec="seconds"),
        "answers": registration.answers,
    }


def answer_of(order: Order) -> dict[str, Any]:
    """What a program gets to know of its order."""
    registrations = order.booked or list(order.registrations.order_by("pk"))
    states = {registration.state for registration in registrations}
    return {
        "reference": order.reference,
        "state": states.pop() if len(states) == 1 else Registration.State.PENDING,
        "total": {"amount": order.total, "currency": order.currency},
        "manage_url": order.sender_url,
        "registrations": [{"id": r.reference, "state": r.state} for r in registrations],
    }
