"""Who of an audience may be reached: consent, doubt, contact points."""
