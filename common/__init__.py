"""Small things that every package needs: errors, keyed hashes, masks.

Nothing here knows about sources, identity or the warehouse; it imports no other package of the project.
"""
