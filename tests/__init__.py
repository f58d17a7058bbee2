"""The tests mirror the package: tests/records for feeds/records, and so on."""
