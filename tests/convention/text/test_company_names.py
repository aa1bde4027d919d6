"""Names of one company have one key, whatever their punctuation and legal form."""

import pytest

from convention.text.company_names import make_company_key


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Banque armoricaine.", "banque armoricaine"),
        ("Banque Armoricaine SA", "banque armoricaine"),
        ("Banque Armoricaine (S.A.S.)", "banque armoricaine"),
        ("SARL Caisse des Deux-Rives", "caisse des deux rives"),
        ("Nimbus GmbH & Co. KG", "nimbus"),
        ("SE Lyon Nord", "lyon nord"),
        ("SA", "sa"),
        ("Crédit Spa Group", "credit spa group"),
        ("—", ""),
    ],
)
def test_company_key_has_neither_punctuation_nor_legal_form(name, key):
    assert make_company_key(name) == key
