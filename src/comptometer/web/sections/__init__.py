"""The sections of the page, one file each; `web/__init__.py` has the contract."""
