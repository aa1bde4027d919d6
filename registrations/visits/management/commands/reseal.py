"""Put sealed identities under the newest key."""

from typing import Any

from django.utils.translation import gettext as _

from convention.commands import SentenceCommand
from registrations.visits.reseal import reseal


class Command(SentenceCommand):
    """`manage.py reseal`."""

    help = (
        "Seal identities and visitor lists with the first of IDENTITY_KEYS; then older keys can be taken out."
    )
    transactional = False

    def run(self, **_options: Any) -> None:
        """Do it, and say how many there were."""
        self.tell([_("%(count)d sealed anew with the newest key.") % {"count": reseal()}])
