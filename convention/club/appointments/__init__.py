"""Contacts of companies, and the e-mails to people who became a contact or got a role of the club.

Start with `contacts.py`. Builds on the people and companies of `convention.club`.
"""
