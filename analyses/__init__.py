"""Statistics over many people that SQL alone cannot say: shrunk rates, attribution, uplift.

What is known of one person belongs to `profiles`; sums and shares to the SQL models. Nothing here knows of Dagster.
"""
