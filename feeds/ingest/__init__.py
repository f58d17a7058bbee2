"""Read the records that changed, and put them into the store in one transaction.

scan: which files changed.  reading: their articles, by several processes.  careful: the same, where
one of them ends the process that reads it.  ids: their ids, and the ledger.  ingesting: all of it
in one transaction.  checking: every fault, without a store.  taken_back: what may no longer be
shown, while the store cannot be written.
"""
