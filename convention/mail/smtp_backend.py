"""Django's SMTP backend, extended to store the server's reply."""

import smtplib
from typing import Any

from django.core.mail.backends import smtp


class EmailBackend(smtp.EmailBackend):
    """`last_reply` is the reply to the last mail, such as "250 2.0.0 Ok: queued as 4XyZ"."""

    last_reply = ""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        """Return the library's connection class, extended to store the reply."""
        # smtplib's `sendmail` drops the reply to DATA, which contains the mail's id in the server's log.
        backend = self

        class ReplyRecorder(super().connection_class):  # type: ignore[misc]  # known at run time only
            def data(self, msg: Any) -> tuple[int, bytes]:
                code, text = super().data(msg)
                backend.last_reply = f"{code} {text.decode('utf-8', 'replace')}"
                return code, text

        return ReplyRecorder
