"""Write every document to a static tree.

static: the build.  tree: the files of a tree.  manifest: the list of them.  hosts: rules for
servers of static files.  withdrawal: take documents out when a build cannot do all.
"""
