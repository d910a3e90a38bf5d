"""The tag engine: reads tag files, compiles each to SQL, runs them. The tags themselves are in profiles/tags."""
