"""Proofs: that every answer is a function of the viewer's view, on every database, whatever is asked."""
