"""The issuer of invoices: seller data, numbering and ledger accounts."""

import datetime
from typing import Any

from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

ACCOUNT_VALIDATOR = RegexValidator(
    r"^[1-9][0-9A-Z]{2,11}$", _("Enter an account number of 3 to 12 digits, for example 411000.")
)
SERIES_VALIDATOR = RegexValidator(r"^[A-Z]{1,4}$", _("Enter one to four capital letters, for example F."))


def account_field(label: Any, default_number: str) -> models.CharField:
    """Return a field for an account of the French chart of accounts."""
    return models.CharField(label, max_length=12, default=default_number, validators=[ACCOUNT_VALIDATOR])


def default_reminder_days() -> list[int]:
    """Return the reminder steps in days after the due date; negative is before it."""
    return [-3, 7, 21, 45]


class LedgerAccounts(models.Model):
    """Account numbers used in journal entries."""

    account_customers = account_field(_("customers"), "411000")
    account_advances = account_field(_("deposits received"), "419100")
    account_sales = account_field(_("services sold"), "706000")
    account_exempt = account_field(_("services sold without VAT"), "756000")
    account_reverse_charge = account_field(_("services sold with reverse charge"), "706100")
    account_vat = account_field(_("VAT due"), "445710")
    account_vat_pending = account_field(_("VAT awaiting payment"), "445800")
    account_bank = account_field(_("bank"), "512000")
    account_processor = account_field(_("card processor"), "511500")
    account_cash = account_field(_("cash"), "530000")
    account_fees = account_field(_("card processor fees"), "627800")
    account_suspense = account_field(_("suspense account"), "471000")

    class Meta:
        abstract = True


class Issuer(LedgerAccounts):
    """The association that invoices. At most one row exists (pk 1)."""

    class VatDue(models.TextChoices):
        COLLECTION = "collection", _("when the payment is received (on collection)")
        DEBITS = "debits", _("when the invoice is issued (on debits)")

    class IssueTime(models.TextChoices):
        """The moment at which invoices are issued without the treasurer."""

        BY_HAND = "by_hand", _("only when the treasurer issues them")
        ORDER = "order", _("as soon as an order is confirmed")
        PAYMENT = "payment", _("as soon as an order is paid in full")
        DAY = "day", _("a set number of days before the event")

    legal_name = models.CharField(_("legal name"), max_length=200)
    legal_form = models.CharField(_("legal form and share capital"), max_length=200, blank=True)
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
    # At most 60 days from the date of the invoice (Code de commerce, art. L441-10).
    payment_days = models.PositiveSmallIntegerField(
        _("days to pay"), default=30, validators=[MaxValueValidator(60)]
    )
    # The rate must be named on each invoice (art. L441-10); three times the legal rate is the lowest allowed.
    late_penalties = models.CharField(
        _("late penalties"),
        max_length=300,
        default="Pénalités de retard : trois fois le taux d’intérêt légal en vigueur.",
    )
    # Mandatory notes are printed in the buyer's language.
    late_penalties_en = models.CharField(
        _("late penalties in English"),
        max_length=300,
        default="Late payment penalties: three times the French legal interest rate in force.",
    )
    vat_due = models.CharField(
        _("VAT is due"), max_length=10, choices=VatDue.choices, default=VatDue.COLLECTION
    )
    invoice_series = models.CharField(
        _("invoice series"), max_length=4, default="F", validators=[SERIES_VALIDATOR]
    )
    credit_series = models.CharField(
        _("credit note series"), max_length=4, default="AV", validators=[SERIES_VALIDATOR]
    )
    number_pattern = models.CharField(
        _("number pattern"), max_length=40, default="{series}{year}-{number:06}"
    )
    issues_on = models.CharField(
        _("issue invoices"), max_length=10, choices=IssueTime.choices, default=IssueTime.BY_HAND
    )
    issue_days_before = models.PositiveSmallIntegerField(
        _("days before the event"), default=30, validators=[MaxValueValidator(365)]
    )
    # Only amounts owed since then are invoiced automatically; the treasurer issues invoices for older ones.
    issues_since = models.DateTimeField(null=True, blank=True, editable=False)
    # Null: documents are not e-mailed automatically.
    sends_since = models.DateTimeField(null=True, blank=True, editable=False)
    # No entry gets a day until then any more (`ledger/closed_period.py`).
    closed_until = models.DateField(_("accounts closed until"), null=True, blank=True, editable=False)
    reminder_days = models.JSONField(pgettext_lazy("invoice", "reminders"), default=default_reminder_days)

    class Meta:
        verbose_name = _("issuer")
        verbose_name_plural = _("issuers")
        # Documents snapshot the issuer, so a single row is enough.
        constraints = [models.CheckConstraint(name="one_issuer", condition=models.Q(pk=1))]

    def __str__(self) -> str:
        return self.legal_name

    @property
    def first_open_day(self) -> datetime.date | None:
        """Return the day after the closed period, None if no period is closed."""
        return self.closed_until + datetime.timedelta(days=1) if self.closed_until else None

    @classmethod
    def get_current(cls) -> "Issuer | None":
        """Return the issuer, or None before one was entered."""
        return Issuer.objects.filter(pk=1).first()
