"""Sources in: contracts, readers, normalisation, rejects, and the canonical model. Imports no other stage."""
