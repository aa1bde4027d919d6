"""The links of an order, derived from its reference and the versions in its row; no secret is stored."""

from django.conf import settings
from django.db import models
from django.db.models import F
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from convention.web.link_secrets import derive_link_secret, is_link_secret

from .references import generate_order_reference

LINK_PURPOSE = "registrations.order"


class OrderLinks(models.Model):
    """The order's link and the pages it leads to; attendees' links are derived in `permissions.py`."""

    reference = models.CharField(_("reference"), max_length=20, default=generate_order_reference)
    language = models.CharField(_("language"), max_length=5, default="fr")
    link_version = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    attendee_links_version = models.PositiveIntegerField(default=0, db_default=0, editable=False)

    class Meta:
        abstract = True

    @property
    def manage_secret(self) -> str:
        """Return the secret of the order's link; attendees' links have their own version and outlive it."""
        return derive_link_secret(LINK_PURPOSE, self.reference, self.link_version)

    def is_valid_manage_secret(self, candidate: str) -> bool:
        """Return whether this is the secret of the order's current link."""
        return is_link_secret(candidate, LINK_PURPOSE, self.reference, self.link_version)

    def raise_link_version(self) -> list[str]:
        """Raise the version of the order's link, which revokes the link; return the fields to save.

        The database increments it, so that two requests at once never get the same version. The attribute is
        an expression until the row is saved and read again.
        """
        self.link_version = F("link_version") + 1
        return ["link_version"]

    def raise_all_link_versions(self) -> list[str]:
        """Revoke attendees' links too, except those of private registrations; return the fields to save."""
        self.attendee_links_version = F("attendee_links_version") + 1
        return [*self.raise_link_version(), "attendee_links_version"]

    @property
    def manage_path(self) -> str:
        """Return the page to see, correct and cancel the order; the link is the permission."""
        return self.build_path_with(self.manage_secret)

    @property
    def manage_url(self) -> str:
        """Return the same as an absolute URL, for mails and programs."""
        return f"{settings.SITE_URL}{self.manage_path}"

    @property
    def lost_link_path(self) -> str:
        """Return the page on which people have their links e-mailed to them."""
        with translation.override(self.language):
            return reverse("lost-link")

    def build_path_with(self, secret: str, *, language: str = "") -> str:
        """Return the page for the holder of this secret, which opens the whole order or one registration.

        `language` is the order's by default.
        """
        # The path contains the language: the mail's, not that of the user who makes this request.
        with translation.override(language or self.language):
            return reverse("order", args=[self.reference, secret])
