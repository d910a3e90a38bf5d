"""OneID: who the parties of the records are. Imports no other stage, and never Dagster."""
