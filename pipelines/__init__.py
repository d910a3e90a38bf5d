"""When and how the assets run, and the command line. What they do is in `assets` and the libraries."""
