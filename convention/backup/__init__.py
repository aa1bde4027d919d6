"""Back up all data into one file for either database, while the site runs; restore all of it or nothing.

Start with `save_backup.py` and `restore_backup.py`. Models say in `BACKUP_RULE` how they are saved
(`rules.py`). Imports only the tools of `convention`.
"""
