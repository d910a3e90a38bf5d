"""Any table of people: what its columns are, how they are compared, and who is who. Knows nothing of touchpoints."""
