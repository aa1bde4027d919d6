"""Orders and registrations for programs."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from convention.errors import NotFound
from convention.events.models import Event

from .models import Order, Registration
from .register import Means, register
from .serializers import OrderAnswer, OrderBody, read_order
from .statements import event_by_slug

KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="Sending the same order again with the same key books nothing again; at most 255 characters.",
)


class Orders(APIView):
    """Register, as the page does: public, without an account."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(request=OrderBody, responses={201: OrderAnswer}, parameters=[KEY], tags=["registrations"])
    def post(self, request: Request, event: str) -> Response:
        """Book places for one or more people: all of them, or none."""
        found = event_by_slug(event)
        if found is None or found.visibility == Event.Visibility.DRAFT:
            raise NotFound(_("There is no event at this address."))
        wanted = read_order(request.data)
        means = Means(source="api", key=request.headers.get("Idempotency-Key", "").strip())
        order = register(event=found, request=wanted, means=means)
        return Response(answer_of(order), status=201)


def answer_of(order: Order) -> dict[str, Any]:
    """What a program gets to know of its order."""
    registrations = order.booked or list(order.registrations.order_by("pk"))
    states = {registration.state for registration in registrations}
    return {
        "reference": order.reference,
        "state": states.pop() if len(states) == 1 else Registration.State.PENDING,
        "total": {"amount": order.total, "currency": order.currency},
        "manage_url": order.manage_url,
        "registrations": [{"id": r.reference, "state": r.state} for r in registrations],
    }
