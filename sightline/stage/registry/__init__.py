"""The model folder as a registry: aliases, notes, lineage and changes, here or in a store."""
