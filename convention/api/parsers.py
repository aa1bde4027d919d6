"""JSON bodies, read so that none of them is a fault of ours."""

from collections.abc import Mapping
from json import JSONDecodeError
from typing import IO, Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser


class Json(JSONParser):
    """JSON that cannot be read, or is nested beyond measure, is refused with a sentence of ours."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """What the body says. Raises ParseError."""
        try:
            return super().parse(stream, media_type, parser_context)
        except (ParseError, RecursionError) as error:
            raise ParseError(about(error)) from error


def about(error: Exception) -> str:
    """What is wrong with the body, and where, as far as that is known."""
    cause = error.__context__
    if not isinstance(cause, JSONDecodeError):
        return _("The body is not valid JSON.")
    where = {"line": cause.lineno, "column": cause.colno}
    return _("The body is not valid JSON, at line %(line)d, column %(column)d.") % where
