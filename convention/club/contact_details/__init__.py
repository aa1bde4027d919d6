"""Phone numbers and internal notes of people and companies: their form fields, and how notes change.

Start with `notes.py`. The columns are those of the models; `convention/text/phone_numbers.py` checks numbers.
"""
