"""Importing another CRM's export: checked whole, then taken row by row, and begun again at will."""
