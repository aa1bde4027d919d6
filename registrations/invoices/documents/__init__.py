"""Invoices, deposit invoices, credit notes and quotations: issuing, numbering, XML and PDF.

Start with `issuing.py` and `credit_notes.py`; both write through `invoice_writer.py`, which takes the number
from `numbering.py`. `pdf_archive.py` validates and stores the Factur-X file.
"""
