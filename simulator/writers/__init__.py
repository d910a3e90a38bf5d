"""One module a platform: the world's rows as that platform's own export files, with its dressing and masking.

A writer knows columns, encodings and masks; what is true it takes from the world.
"""
