"""Give each article its id for good (RFC 4287 §4.2.6).

ledger: the text file that holds what does not follow from the records.  assignment: which id an
article has, and which of two claims to one wins.
"""
