"""The four pages in a browser, from gold alone: one process, no internet, and no script that a page needs to be read."""
