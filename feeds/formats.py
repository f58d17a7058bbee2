"""The table of formats: the name of each, and the module that writes it.

A new format is a line here and a module with the names that `render.Format` lists. The name is the
extension of its documents, and the word for it in config.toml. Not here: the modules, which are
loaded when first used (render).
"""

FORMATS = {"rss": "feeds.render.rss", "atom": "feeds.render.atom", "json": "feeds.render.jsonfeed"}
