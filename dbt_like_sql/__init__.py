"""SQL models in dbt's own file format, and the thin reader that runs them. Imports no other stage."""
