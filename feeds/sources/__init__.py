"""List and read the files that hold records.

folder: a folder of files. Not here: which of them changed (ingest).
"""
