"""Django's way to a mail server, which also keeps what the server answered."""

import smtplib
from typing import Any

from django.core.mail.backends import smtp


class EmailBackend(smtp.EmailBackend):
    """`last_answer` is the server's word on the last mail, such as "250 2.0.0 Ok: queued as 4XyZ"."""

    last_answer = ""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        """The library's connection, listened to."""
        backend = self

        class Listening(super().connection_class):  # type: ignore[misc]  # the class is known when it is asked for
            def data(self, msg: Any) -> tuple[int, bytes]:
                code, text = super().data(msg)
                backend.last_answer = f"{code} {text.decode('utf-8', 'replace')}"
                return code, text

        return Listening
