"""Errors in Stripe's format."""


class Refused(Exception):
    """Error response; `facts` fill the error object."""

    def __init__(self, status: int, message: str, *, kind: str = "invalid_request_error", **facts) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"message": message, "type": kind, **facts}}
        # Whether work had begun, so that the same idempotency key gets the same answer.
        self.was_begun = False


def make_parameter_error(param: str, message: str, code: str = "parameter_invalid") -> Refused:
    return Refused(400, message, param=param, code=code)


def make_missing_error(kind: str, name: str, param: str = "id") -> Refused:
    return Refused(404, f"No such {kind}: '{name}'", param=param, code="resource_missing")


def mark_begun(refused: Refused) -> Refused:
    """Mark an error as decided after the parameters were accepted."""
    refused.was_begun = True
    return refused
