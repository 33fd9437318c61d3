"""Serve the floor: `python -m bench.floor PORT`, with the real server's settings."""

import sys

from bench.floor.application import app
from bench.serving import serve
from settings import Settings

settings = Settings.read()
serve(app(settings.database_url, settings.keys), int(sys.argv[1]))
