"""Send mails about visits whose recipient may refuse them."""

import logging

from convention.mail.messages import MailMessage, MailRefused, send_mail_message

logger = logging.getLogger(__name__)


def send_or_log(message: MailMessage) -> None:
    """Send the mail; if its address is refused, log only its message key. Raise MailNotSent."""
    try:
        send_mail_message(message)
    # A refusal is permanent: raising would only make the worker retry. The log names no address.
    except MailRefused:
        logger.warning("The mail server refused %s.", message.message_key)
