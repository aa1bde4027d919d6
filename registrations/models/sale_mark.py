"""The mark of what is on sale."""

from django.db import models


class SaleMark(models.Model):
    """One row, whose mark is another one after every change of what is on sale (`sale_mark.py`)."""

    WRITTEN_BY_TRIGGERS = True

    id = models.SmallIntegerField(primary_key=True)
    mark = models.CharField(max_length=36)

    class Meta:
        constraints = [models.CheckConstraint(name="one_sale_mark", condition=models.Q(id=1))]

    def __str__(self) -> str:
        return self.mark
