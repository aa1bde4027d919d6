"""Data protection: what the club stores about a person, export, erasure, consents and retention.

Each app declares its tables in its own `privacy.py`, in the terms of `convention/personal_data.py`;
`registry.py` collects them. Start with `find_data.py`, then `erase.py` and `export.py`. May import
`convention.club` and `convention.accounts`, never the apps whose data it handles.
"""
