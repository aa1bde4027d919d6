"""Who comes."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy as _

from . import only_place, sale_mark


class RegistrationsConfig(AppConfig):
    """Who comes."""

    name = "registrations"
    verbose_name = _("Registrations")

    def ready(self) -> None:
        """What the database does by itself is put in place after `migrate`."""
        pre_migrate.connect(sale_mark.unwatch, sender=self)
        post_migrate.connect(only_place.define, sender=self)  # first: it is called once there is a mark
        post_migrate.connect(sale_mark.watch, sender=self)
