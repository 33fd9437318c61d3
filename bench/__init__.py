"""The bench: the real server beside the best and the usual way to write it, on one large account.

python -m bench --help
"""
