"""Who invoices: what invoices say of the seller, how numbers look, and the accounts of the books."""

from typing import Any

from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

IS_ACCOUNT = RegexValidator(r"^[1-9][0-9A-Z]{2,11}$", _("An account is 3 to 12 digits, such as 411000."))
IS_SERIES = RegexValidator(r"^[A-Z]{1,4}$", _("One to four capital letters, such as F."))


def account(label: Any, number: str) -> models.CharField:
    """An account of the chart with its usual number."""
    return models.CharField(label, max_length=12, default=number, validators=[IS_ACCOUNT])


def usual_reminders() -> list[int]:
    """Days after the day an invoice is due (before it where negative) on which a reminder is sent."""
    return [-3, 7, 21, 45]


class Accounts(models.Model):
    """The accounts that entries of the books name."""

    account_customers = account(_("customers"), "411000")
    account_advances = account(_("deposits received"), "419100")
    account_sales = account(_("services sold"), "706000")
    account_exempt = account(_("services sold without VAT"), "756000")
    account_vat = account(_("VAT due"), "445710")
    account_vat_pending = account(_("VAT awaiting payment"), "445800")
    account_bank = account(_("bank"), "512000")
    account_processor = account(_("card processor"), "511500")
    account_cash = account(_("cash"), "530000")
    account_fees = account(_("fees of the card processor"), "627800")
    account_suspense = account(_("to be cleared"), "471000")

    class Meta:
        abstract = True


class Issuer(Accounts):
    """The association that invoices; there is one."""

    class VatDue(models.TextChoices):
        COLLECTION = "collection", _("when it is paid")
        DEBITS = "debits", _("when it is invoiced (on debits)")

    legal_name = models.CharField(_("legal name"), max_length=200)
    legal_form = models.CharField(_("legal form, capital"), max_length=200, blank=True)
    street = models.CharField(_("street"), max_length=200)
    postcode = models.CharField(_("postcode"), max_length=20)
    city = models.CharField(_("city"), max_length=100)
    country = models.CharField(_("country"), max_length=2, default="FR")
    email = models.EmailField(_("e-mail"), blank=True)
    siren = models.CharField(_("SIREN"), max_length=9)
    siret = models.CharField(_("SIRET"), max_length=14, blank=True)
    vat_number = models.CharField(_("VAT number"), max_length=20, blank=True)
    iban = models.CharField(_("IBAN"), max_length=34, blank=True)
    bic = models.CharField(_("BIC"), max_length=11, blank=True)
    payment_days = models.PositiveSmallIntegerField(
        _("days to pay"), default=30, validators=[MaxValueValidator(60)]
    )
    late_penalties = models.CharField(
        _("late penalties"),
        max_length=300,
        default="Pénalités de retard : trois fois le taux d’intérêt légal en vigueur.",
    )
    late_penalties_en = models.CharField(
        _("late penalties in English"),
        max_length=300,
        default="Late payment penalties: three times the French legal interest rate in force.",
    )
    vat_due = models.CharField(
        _("VAT is due"), max_length=10, choices=VatDue.choices, default=VatDue.COLLECTION
    )
    invoice_series = models.CharField(
        _("series of invoices"), max_length=4, default="F", validators=[IS_SERIES]
    )
    credit_series = models.CharField(
        _("series of credit notes"), max_length=4, default="AV", validators=[IS_SERIES]
    )
    number_pattern = models.CharField(
        _("pattern of numbers"), max_length=40, default="{series}{year}-{number:06}"
    )
    reminder_days = models.JSONField(pgettext_lazy("invoice", "reminders"), default=usual_reminders)

    class Meta:
        verbose_name = _("issuer")
        verbose_name_plural = _("issuers")
        constraints = [models.CheckConstraint(name="one_issuer", condition=models.Q(pk=1))]

    def __str__(self) -> str:
        return self.legal_name

    @classmethod
    def current(cls) -> "Issuer | None":
        """The one there is."""
        return Issuer.objects.filter(pk=1).first()
