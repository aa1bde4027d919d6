"""Long work, its progress and its results."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JobsConfig(AppConfig):
    """Long work, its progress and its results."""

    name = "convention.jobs"
    verbose_name = _("Jobs")
