"""Validate requests and render responses with DRF serializers, which also make the OpenAPI description."""

from functools import cache
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.serializers import Serializer
from rest_framework.settings import api_settings

from convention.errors import InvalidFields


@cache
def get_shared_serializer[Body: Serializer[Any]](serializer_class: type[Body]) -> Body:
    """Return the instance of this class that all requests share.

    Shared because DRF copies every field for each new instance, which takes longer than validating a body
    with it. So a serializer given here must not depend on its context or on attributes set for one request.
    """
    serializer = serializer_class()
    # Build the lazy fields now, before threads share the instance. No `assert`, which `python -O` leaves out.
    len(serializer.fields)
    return serializer


def validate_body(serializer_class: type[Serializer[Any]], data: Any) -> Any:
    """Return the validated data. Raise InvalidFields with sentences by path, `registrations.0.email`."""
    try:
        return get_shared_serializer(serializer_class).run_validation(data)
    except ValidationError as error:
        raise InvalidFields(_("Some fields need to be corrected."), flatten_errors(error.detail)) from error


def render_body(serializer_class: type[Serializer[Any]], instance: Any) -> dict[str, Any]:
    """Return the response body of an object, with times in the current time zone."""
    return get_shared_serializer(serializer_class).to_representation(instance)


def render_bodies(serializer_class: type[Serializer[Any]], instances: Any) -> list[dict[str, Any]]:
    """Return the response bodies of several objects."""
    serializer = get_shared_serializer(serializer_class)
    return [serializer.to_representation(instance) for instance in instances]


def flatten_errors(detail: Any, path: str = "") -> dict[str, list[str]]:
    """Return the nested errors of DRF as sentences by path; errors about a body as such have its own path."""
    if isinstance(detail, dict):
        errors: dict[str, list[str]] = {}
        for key, inner in detail.items():
            name = "" if key == api_settings.NON_FIELD_ERRORS_KEY else str(key)
            errors |= flatten_errors(inner, ".".join(filter(None, [path, name])))
        return errors
    return {path: [str(sentence) for sentence in detail]}
