"""Forms of the directory for the secretary and administrators: companies, memberships, people and their jobs.

Forms of one feature, such as renewals or roles, are in its own package.
"""
