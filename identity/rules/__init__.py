"""Sure knowledge: what identifiers are worth, whose they are and when, and the links that need no weighing."""
