"""Speaking HTTP to systems that are not ours: who we are, answers read within bounds, pages."""
