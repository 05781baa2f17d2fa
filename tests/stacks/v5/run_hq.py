"""Serve vantage6's HQ. Usage: run_hq.py CONFIG PORT."""

import sys

from vantage6.hq import run_hq

app = run_hq(sys.argv[1], system_folders=False)
app.socketio.run(app.app, host="127.0.0.1", port=int(sys.argv[2]))
