"""Who comes."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy as _

from convention import hooks
from convention.hooks import DAY, HOUR, MINUTE

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
        hooks.periodic_jobs.register("registrations.forget.lapsed_holds", seconds=MINUTE)
        hooks.periodic_jobs.register("registrations.note_owed.note_owed", seconds=MINUTE)
        hooks.periodic_jobs.register("registrations.forget.unclaimed_files", seconds=HOUR)
        hooks.periodic_jobs.register("registrations.forget.old_keys", seconds=DAY)
        hooks.periodic_jobs.register("registrations.forget.old_imports", seconds=DAY)
        hooks.periodic_jobs.register("registrations.serve_waiting.serve_waiting", seconds=MINUTE)
        hooks.periodic_jobs.register("registrations.tell_holders.changed_sessions", seconds=MINUTE)
        hooks.periodic_jobs.register("registrations.tell_changes.changed_registrations", seconds=MINUTE)
        hooks.job_kinds.register("registrations", "registrations.import_later.import_later")
        hooks.person_uses.register("registrations.used_since.registered_since")
        hooks.printed_logos.register("registrations.logos.printed_logos")
        hooks.receivable_sources.register("registrations.bill.receivable_named")
        hooks.confirm_reference.register("registrations.verification.vouch_for_reference")
        hooks.event_downloads.register("registrations.lists.LISTS")
        hooks.metrics.register("registrations.stored_use.figures")
