"""Parse JSON request bodies; an invalid one is answered with problem details, not a server error."""

from collections.abc import Mapping
from json import JSONDecodeError
from typing import IO, Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser


class StrictJsonParser(JSONParser):
    """Refuse JSON that is invalid or nested too deeply, with our own sentence."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the parsed body. Raise ParseError."""
        try:
            return super().parse(stream, media_type, parser_context)
        # A body of nested brackets exceeds Python's recursion limit before DRF can call it invalid.
        except (ParseError, RecursionError) as error:
            raise ParseError(describe_json_error(error)) from error


def describe_json_error(error: Exception) -> str:
    """Return a sentence for a JSON error, with its position where that is known."""
    # DRF raises its ParseError while handling the decoder's error, which knows the position.
    cause = error.__context__
    if not isinstance(cause, JSONDecodeError):
        return _("The body is not valid JSON.")
    location = {"line": cause.lineno, "column": cause.colno}
    return _("The body is not valid JSON, at line %(line)d, column %(column)d.") % location
