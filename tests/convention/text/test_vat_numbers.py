"""VAT numbers that people type."""

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from convention.text.validators import clean_vat_number


@pytest.mark.parametrize(
    ("country", "form"), [("BE", "begins with BE"), ("GR", "begins with EL"), ("FR", "the SIREN")]
)
def test_wrong_vat_number_names_the_form_of_its_country(country, form):
    with translation.override("en"), pytest.raises(ValidationError, match=form):
        clean_vat_number("12", country=country)
