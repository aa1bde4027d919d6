"""Events for programs."""

from typing import Any

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from convention.api.models import ApiToken
from convention.api.scopes import reader
from convention.dates import rfc3339

from .called_off import called_off_at
from .doors import visible_event
from .models import Event

READ = ApiToken.Scope.EVENTS_READ


class RegistrationWindow(serializers.Serializer[Any]):
    """When one may register."""

    open = serializers.BooleanField(help_text="Whether registration is open now; tickets may be sold out.")
    opens_at = serializers.DateTimeField(allow_null=True)
    closes_at = serializers.DateTimeField(help_text="At the latest when the event ends.")


class VenueAnswer(serializers.Serializer[Any]):
    """Where it takes place."""

    name = serializers.CharField()
    street = serializers.CharField()
    postcode = serializers.CharField()
    city = serializers.CharField()
    country = serializers.CharField(help_text="ISO 3166-1, two letters.")


class EventAnswer(serializers.Serializer[Any]):
    """What is public of an event. Times carry the offset that the event's zone has then."""

    slug = serializers.CharField()
    kind = serializers.ChoiceField(Event.Kind.choices)
    name = serializers.CharField()
    name_en = serializers.CharField(help_text="Empty where the name is the same.")
    description = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    timezone = serializers.CharField(help_text="An IANA name, such as Europe/Paris.")
    venue = VenueAnswer(allow_null=True)
    registration = RegistrationWindow()
    called_off_at = serializers.DateTimeField(
        allow_null=True, help_text="Since when it is known not to take place; null for one that does."
    )
    url = serializers.URLField(help_text="Its page.")


class EventDetail(APIView):
    """One event."""

    permission_classes = (AllowAny,)

    @extend_schema(responses=EventAnswer, tags=["events"], operation_id="event")
    def get(self, request: Request, event: str) -> Response:
        """What, when and where. Published events are public; a draft needs an organizer's token."""
        return Response(answer_of(visible_event(event, reader(request, READ))))


def answer_of(event: Event) -> dict[str, Any]:
    """As `EventAnswer` describes."""
    names = ("slug", "kind", "name", "name_en", "description", "timezone")
    return {
        **{name: getattr(event, name) for name in names},
        "starts_at": rfc3339(event.starts_at, event.zone),
        "ends_at": rfc3339(event.ends_at, event.zone),
        "venue": venue_of(event),
        "registration": {
            "open": event.is_registration_open(at=timezone.now()),
            "opens_at": rfc3339(event.registration_opens_at, event.zone),
            "closes_at": rfc3339(event.registration_closes_at or event.ends_at, event.zone),
        },
        "called_off_at": rfc3339(called_off_at(event), event.zone),
        "url": f"{settings.SITE_URL}/events/{event.slug}/",
    }


def venue_of(event: Event) -> dict[str, str] | None:
    """The address, part by part."""
    parts = ("name", "street", "postcode", "city", "country")
    return {part: getattr(event.venue, part) for part in parts} if event.venue else None
