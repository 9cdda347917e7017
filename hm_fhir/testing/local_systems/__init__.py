"""Local systems that run here: they keep documents in the shape of a product and answer as it does."""
