"""Readers: from the bytes of a file to tables of text cells with the file's own column names.

One module a family of formats. They know how rows and cells are told apart and which rows are broken; what the
cells mean is for the rest of the package.
"""
