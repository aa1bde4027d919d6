"""The links of an order: derived from its reference and the versions in its row, never stored."""

from django.conf import settings
from django.db import models
from django.db.models import F
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from convention.links import derive_secret, is_secret

from ..references import new_order_reference

LINK_PURPOSE = "registrations.order"


class OrderLinks(models.Model):
    """The order's own link and the pages it leads to; attendees' own links are derived in `doors.py`."""

    reference = models.CharField(_("reference"), max_length=20, default=new_order_reference)
    language = models.CharField(_("language"), max_length=5, default="fr")
    link_version = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    attendee_links_version = models.PositiveIntegerField(default=0, db_default=0, editable=False)

    class Meta:
        abstract = True

    @property
    def manage_secret(self) -> str:
        """The secret in the order's link; attendees' own links have another version, and outlive it."""
        return derive_secret(LINK_PURPOSE, self.reference, self.link_version)

    def is_manage_secret(self, given: str) -> bool:
        """Return whether this is the secret of the order's link, and not of one that was replaced."""
        return is_secret(given, LINK_PURPOSE, self.reference, self.link_version)

    def replace_link(self) -> list[str]:
        """Raise the version of the order's link; return the fields to save.

        Counted by the database, so that no version ever comes back; the number is there once it is saved.
        """
        self.link_version = F("link_version") + 1
        return ["link_version"]

    def replace_all_links(self) -> list[str]:
        """Raise that of attendees' links too, private places aside; return the fields to save."""
        self.attendee_links_version = F("attendee_links_version") + 1
        return [*self.replace_link(), "attendee_links_version"]

    @property
    def manage_path(self) -> str:
        """Where its holder sees, corrects and cancels it, in the order's language; whoever has it may."""
        return self.path_with(self.manage_secret)

    @property
    def manage_url(self) -> str:
        """The same as a whole address, for mails and programs."""
        return f"{settings.SITE_URL}{self.manage_path}"

    @property
    def lost_link_path(self) -> str:
        """Return the page on which anyone has their links e-mailed to them."""
        with translation.override(self.language):
            return reverse("lost-link")

    def path_with(self, secret: str) -> str:
        """Where the holder of that secret sees what it opens, all of the order or one registration."""
        with translation.override(self.language):
            return reverse("order", args=[self.reference, secret])
