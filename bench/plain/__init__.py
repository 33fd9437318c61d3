"""The plain server: Strawberry and Tortoise as their guides show. What people would write otherwise."""
