"""Lists that leave: rows, cells, files and their manifest."""
