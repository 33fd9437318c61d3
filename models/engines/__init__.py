"""How each database opens, begins and ends a transaction, and takes values; for `models.database`."""
