"""Base classes of our errors; the message of each tells the user what to do."""

from typing import Any

from django.utils.functional import Promise


class ConventionError(Exception):
    """An error that a person can understand and act on.

    `kind` names it for programs (the last part of a problem's type, RFC 9457) and `status` is the HTTP
    status. The command line prints the sentence and exits with 2. `details` become further members of the
    problem. `page_title` is a noun for the title of the error page; "" for that of the status.
    """

    kind = "invalid"
    status = 422
    page_title: str | Promise = ""

    def __init__(self, sentence: str | Promise, details: dict[str, Any] | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.details = details or {}

    def __str__(self) -> str:
        return str(self.sentence)


class NotFound(ConventionError):
    """There is no such object, or the reader may not know of it."""

    kind = "not-found"
    status = 404


class Forbidden(ConventionError):
    """The reader is signed in, and may not do this."""

    kind = "forbidden"
    status = 403


class SignInRequired(Forbidden):
    """The reader is not signed in; pages redirect to the sign-in and back."""


class SoldOut(ConventionError):
    """No place is left."""

    kind = "sold-out"
    status = 409


class NotOpenNow(ConventionError):
    """It is too early or too late for this, such as before registration opens."""

    kind = "closed"
    status = 409


class PersonMissing(ConventionError):
    """The record of a person was merged into another one, or deleted, while the request used it."""

    kind = "changed-meanwhile"
    status = 409


class LinkExpired(ConventionError):
    """A link or token is no longer valid."""

    kind = "expired"
    status = 410


class UnreadableFile(ConventionError):
    """A file cannot be read or has the wrong format."""

    kind = "unreadable"
    status = 422


class ServiceUnavailable(ConventionError):
    """The database does not answer or is too busy; the same request may be retried."""

    kind = "unavailable"
    status = 503
    # In seconds.
    retry_after = 5


class StorageFull(ServiceUnavailable):
    """The disk of the database or of the local data is full; reading still works."""

    kind = "storage-full"
    retry_after = 60


class InvalidFields(ConventionError):
    """Errors by field, such as {"registrations.0.email": ["..."]}; the sentence sums them up."""

    kind = "invalid-fields"

    def __init__(self, sentence: str | Promise, field_errors: dict[str, list[str]]) -> None:
        super().__init__(sentence)
        self.field_errors = field_errors
