"""Decide which documents exist and what each shows, and make their bytes, tags and dates.

plans: which documents there are.  entries: the bytes of their entries.  versions: documents as
they are published.  addresses, headers, codings: what a document is over HTTP.
"""
