"""Records: the files that editors write, read into articles.

folder: which files there are, and their bytes.  frontmatter: text to plain data.  shape: what the data may say.
reading: the three together, with every fault in its place.  faults: what a fault is.
Not here: what was read before (store), what is visible (selection).
"""

from feeds.records.faults import Cost, Fault
from feeds.records.folder import Found, printable, read_file, walk
from feeds.records.reading import Reading, read_record

__all__ = ["Cost", "Fault", "Found", "Reading", "printable", "read_file", "read_record", "walk"]
