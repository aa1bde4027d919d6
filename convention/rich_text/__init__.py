"""Rich text: convert HTML and Markdown to safe HTML, stored beside the text.

Start with sanitize.py; clean_columns.py stores the result. Imports no other package of ours.
"""
