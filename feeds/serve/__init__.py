"""Answer HTTP requests for documents.

app: the Flask service.  fast_path: answers from memory, before Flask.  response_cache: what is in
memory.  freshness: when that is no longer good.  live: keep it up to date.  server: granian.
"""
