"""Where documents go: static (a folder), service (HTTP)."""
