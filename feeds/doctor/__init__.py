"""A published site as readers meet it: asked over HTTP, read, and held against what readers need.

findings: what can be wrong, and what mends it.  asking: one request.  reading: the bytes of a feed
to what it says. contents: rules for what it says.  exchanges: rules for how it is answered.  site:
which feeds there are, and rules for them together.  examination: all of it in order. Here is no
store and no config: only addresses.
"""

from feeds.doctor.asking import Asker
from feeds.doctor.examination import Examined, examine
from feeds.doctor.findings import KINDS, Finding, Kind

__all__ = ["KINDS", "Asker", "Examined", "Finding", "Kind", "examine"]
