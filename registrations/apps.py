"""Who comes."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy as _

from . import sale_mark


class RegistrationsConfig(AppConfig):
    """Who comes."""

    name = "registrations"
    verbose_name = _("Registrations")

    def ready(self) -> None:
        """What is on sale is watched by the database, but for the time that its tables are altered."""
        pre_migrate.connect(sale_mark.unwatch, sender=self)
        post_migrate.connect(sale_mark.watch, sender=self)
