"""The floor: Starlette, the driver and one statement written by hand for each query. The best there is."""
