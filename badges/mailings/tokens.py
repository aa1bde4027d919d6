"""The token of an unsubscribe link: the address that the mail went to, encrypted; it never expires."""

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from convention.addresses import folded
from convention.errors import NotFound
from convention.secret_keys import UnreadableToken, decrypt_token, encrypt_token

PURPOSE = "mailings.unsubscribe"
OF_NOBODY = 0
"""The number that a test mail carries in place of its recipient’s."""


@dataclass(frozen=True)
class Bearer:
    """Who holds a link: the address, folded, and the recipient of the mail it came with (0: of a test)."""

    recipient: int
    address: str


def unsubscribe_url(*, recipient: int, address: str, language: str) -> str:
    """The whole address of the page, in the reader’s language."""
    token = encrypt_token(PURPOSE, [recipient, folded(address)])
    with translation.override(language):
        return f"{settings.SITE_URL}{reverse('unsubscribe', args=[token])}"


def bearer_of(token: str) -> Bearer:
    """Who holds this link. Raises NotFound for a forged one."""
    try:
        recipient, address = decrypt_token(PURPOSE, token)
    except UnreadableToken as error:
        raise NotFound(_("This link is not valid; it may have been cut in the e-mail.")) from error
    return Bearer(recipient, address)
