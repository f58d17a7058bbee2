"""Give each article an id that never changes (RFC 4287 §4.2.6).  Pure, but for reading and writing
the ledger.

ledger: the text file that keeps the ids that the records do not say.  assignment: the id of each
record, and the records that are left out, so that no two articles share an id.  edits: the lines
that keep ids when records are edited.
"""
