"""Examine a published site over HTTP, as readers poll it.

findings: the kinds of findings, with their remedies. client: one request, within bounds. reading:
parse a feed. contents: rules for a parsed feed. exchanges: rules for HTTP. site: find the feeds of
a site, and rules for a whole site. examination: all of these in order. No store and no config:
only addresses.
"""

from feeds.doctor.client import Bounds, Client
from feeds.doctor.examination import Examined, examine
from feeds.doctor.findings import KINDS, Finding, Kind

__all__ = ["KINDS", "Bounds", "Client", "Examined", "Finding", "Kind", "examine"]
