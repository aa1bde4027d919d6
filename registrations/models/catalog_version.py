"""The version of everything that is for sale."""

from django.db import models


class CatalogVersion(models.Model):
    """A table of one row; triggers replace its version with every change (`fast_path/catalog_version.py`)."""

    WRITTEN_BY_TRIGGERS = True

    id = models.SmallIntegerField(primary_key=True)
    version = models.CharField(max_length=36)

    class Meta:
        constraints = [models.CheckConstraint(name="one_sale_mark", condition=models.Q(id=1))]

    def __str__(self) -> str:
        return self.version
