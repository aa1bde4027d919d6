"""Addresses of people other than the main one, most of them from merged records, and the search by them.

It imports only the models of the directory.
"""
