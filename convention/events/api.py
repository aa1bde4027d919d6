"""Read-only API of events."""

from typing import Any

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from convention.api.models import ApiToken
from convention.api.scopes import get_reader
from convention.text.dates import format_rfc3339

from .cancellations import find_cancellation_time
from .models import Event
from .permissions import get_visible_event

READ_SCOPE = ApiToken.Scope.EVENTS_READ


class RegistrationWindowResponse(serializers.Serializer[Any]):
    """The registration period of an event."""

    open = serializers.BooleanField(help_text="Whether registration is open now; tickets may be sold out.")
    opens_at = serializers.DateTimeField(allow_null=True)
    closes_at = serializers.DateTimeField(help_text="At the latest when the event ends.")


class VenueResponse(serializers.Serializer[Any]):
    """The venue of an event."""

    name = serializers.CharField()
    street = serializers.CharField()
    postcode = serializers.CharField()
    city = serializers.CharField()
    country = serializers.CharField(help_text="ISO 3166-1, two letters.")


EVENT_EXAMPLE = OpenApiExample(
    "A convention",
    value={
        "slug": "convention",
        "kind": "convention",
        "name": "Convention 2026",
        "name_en": "",
        "description": "",
        "starts_at": "2026-06-17T08:00:00+02:00",
        "ends_at": "2026-06-18T18:00:00+02:00",
        "timezone": "Europe/Paris",
        "venue": {
            "name": "Palais des congrès",
            "street": "2 place de la Porte-Maillot",
            "postcode": "75017",
            "city": "Paris",
            "country": "FR",
        },
        "registration": {"open": True, "opens_at": None, "closes_at": "2026-06-18T18:00:00+02:00"},
        "cancelled_at": None,
        "url": "https://convention.example/events/convention/",
    },
    response_only=True,
)


@extend_schema_serializer(examples=[EVENT_EXAMPLE])
class EventResponse(serializers.Serializer[Any]):
    """The public fields of an event. Times carry the offset that the event's zone has then."""

    slug = serializers.CharField()
    kind = serializers.ChoiceField(Event.Kind.choices)
    name = serializers.CharField()
    name_en = serializers.CharField(help_text="Empty where the name is the same.")
    description = serializers.CharField(help_text="As written: plain text, Markdown or HTML.")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    timezone = serializers.CharField(help_text="An IANA name, such as Europe/Paris.")
    venue = VenueResponse(allow_null=True)
    registration = RegistrationWindowResponse()
    cancelled_at = serializers.DateTimeField(
        allow_null=True, help_text="When the event was cancelled; null if it was not."
    )
    url = serializers.URLField(help_text="Address of the event's page.")


class EventDetailView(APIView):
    """One event."""

    permission_classes = (AllowAny,)

    @extend_schema(responses=EventResponse, tags=["events"], operation_id="event")
    def get(self, request: Request, event: str) -> Response:
        """Return one event. Published events are public; a draft needs an organizer's token."""
        # A token without the scope reads as an anonymous visitor: it
        # finds public events, and drafts answer 404.
        return Response(describe_event(get_visible_event(event, get_reader(request, READ_SCOPE))))


def describe_event(event: Event) -> dict[str, Any]:
    """Return the fields of `EventResponse`."""
    names = ("slug", "kind", "name", "name_en", "description", "timezone")
    return {
        **{name: getattr(event, name) for name in names},
        "starts_at": format_rfc3339(event.starts_at, event.zone),
        "ends_at": format_rfc3339(event.ends_at, event.zone),
        "venue": describe_venue(event),
        "registration": {
            "open": event.is_registration_open(at=timezone.now()),
            "opens_at": format_rfc3339(event.registration_opens_at, event.zone),
            "closes_at": format_rfc3339(event.registration_deadline, event.zone),
        },
        "cancelled_at": format_rfc3339(find_cancellation_time(event), event.zone),
        "url": f"{settings.SITE_URL}/events/{event.slug}/",
    }


def describe_venue(event: Event) -> dict[str, str] | None:
    """Return the parts of the venue's address, or None."""
    parts = ("name", "street", "postcode", "city", "country")
    return {part: getattr(event.venue, part) for part in parts} if event.venue else None
