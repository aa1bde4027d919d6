"""Certificates of attendance."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from convention import hooks


class CertificatesConfig(AppConfig):
    name = "badges.certificates"
    verbose_name = _("Certificates")

    def ready(self) -> None:
        """Register what lower layers call."""
        hooks.job_kinds.register("certificates", "badges.certificates.print_job.print_certificates")
        hooks.job_pages.register("certificates", "badges.certificates.print_job.JOB_PAGE")
        hooks.certificate_page.register("badges.certificates.permissions.has_certificates")
