"""Forms of the treasurer's pages.

Start with `actions.py`; `issuer.py` also has the checks of SIREN, VAT number and IBAN.
"""
