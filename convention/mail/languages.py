"""The languages in which mails are written."""

from typing import Final

from django.utils.translation import gettext_lazy as _

MAIL_LANGUAGES: Final = [("fr", _("French")), ("en", _("English"))]
