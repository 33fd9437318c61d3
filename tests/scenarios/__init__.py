"""Stories over time, told through the API alone, each step as the people in it would take it."""
