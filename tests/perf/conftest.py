"""The scripts in here are run by hand, and import one another as scripts do."""

collect_ignore_glob = ["*.py"]
