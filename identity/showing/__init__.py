"""The work shown: edges in words and SQL, bridges, pictures."""
