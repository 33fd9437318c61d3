"""The demo's making: invented companies, and what happened in them over the last year."""
