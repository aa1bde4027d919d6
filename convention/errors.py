"""Errors are sentences that tell the reader what to do; every other error of ours stands beneath."""

from typing import Any

from django.utils.functional import Promise


class ConventionError(Exception):
    """Something that a person can understand and act on.

    `kind` names it for programs (the last part of a problem's type, RFC 9457) and `status` is the
    HTTP status that fits; the command line prints the sentence and exits with 2. `details` go to programs,
    as further members of the problem.
    """

    kind = "invalid"
    status = 422

    def __init__(self, sentence: str | Promise, details: dict[str, Any] | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.details = details or {}

    def __str__(self) -> str:
        return str(self.sentence)


class NotFound(ConventionError):
    """There is no such thing, or it is not for this reader."""

    kind = "not-found"
    status = 404


class Forbidden(ConventionError):
    """The reader is known, and may not do this."""

    kind = "forbidden"
    status = 403


class SignInNeeded(Forbidden):
    """The reader is not known yet: pages lead to the sign-in and back."""


class SoldOut(ConventionError):
    """No place is left."""

    kind = "sold-out"
    status = 409


class Closed(ConventionError):
    """It is not the time for this: registration has not opened, or is over."""

    kind = "closed"
    status = 409


class Expired(ConventionError):
    """A link or token that was good once."""

    kind = "expired"
    status = 410


class Unreadable(ConventionError):
    """A file that is not what it should be."""

    kind = "unreadable"
    status = 422


class Unavailable(ConventionError):
    """The database does not answer, or is too busy; the same request may be sent again a little later."""

    kind = "unavailable"
    status = 503
    retry_after = 5
    """Seconds."""


class StorageFull(Unavailable):
    """The disk of the database or of the local data has no room; reading still works."""

    kind = "storage-full"
    retry_after = 60


class InvalidFields(ConventionError):
    """Errors by field: {"registrations.0.email": ["..."]}; the sentence sums them up."""

    kind = "invalid-fields"

    def __init__(self, sentence: str | Promise, fields: dict[str, list[str]]) -> None:
        super().__init__(sentence)
        self.fields = fields
