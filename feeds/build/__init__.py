"""Write every document to a static tree.

static: the build.  publishing: the documents of some feeds.  folder_target, files: the folder that
they are written to, and its list.  hosts: rules for servers of static files.  withdrawal: take
documents out when a build cannot do all.
"""
