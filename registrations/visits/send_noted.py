"""Send a mail about a visit; an address that takes none is noted in the log, without the address."""

import logging

from convention.mail import Letter, Refused, send

logger = logging.getLogger(__name__)


def send_noted(letter: Letter) -> None:
    """Send it, or note its key. Raises NotSent where the mail server is away: the task tries again."""
    try:
        send(letter)
    except Refused:
        logger.warning("The mail server refused %s.", letter.key)
