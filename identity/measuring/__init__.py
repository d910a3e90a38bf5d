"""How right the OneIDs are: with truth, without, and over invented canaries."""
