"""The naive judge: who may see what, said again in plain Python over rows, from the design alone.

It shares no code with `authz`, `schema` or `resolvers`, so that an error there is not made here too.
"""
