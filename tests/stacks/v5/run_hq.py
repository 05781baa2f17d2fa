"""Serve vantage6's HQ. Usage: run_hq.py CONFIG PORT.

To see whether a task's arguments are encrypted, HQ 5.0.3 decodes three texts joined by "$" as
one base64 text. Older Pythons stop at the first text's padding; newer ones (seen with Debian's
3.13.5 of August 2026) go on, and fail for a third of all lengths: HQ answers 500. Here, in HQ
alone, decoding ends at the first "$".
"""

import base64
import sys

from vantage6.hq import run_hq

_decode = base64.b64decode


def _decode_first(s, *options, **named):
    dollar = "$" if isinstance(s, str) else b"$"
    return _decode(s.split(dollar)[0], *options, **named)


base64.b64decode = _decode_first

app = run_hq(sys.argv[1], system_folders=False)
app.socketio.run(app.app, host="127.0.0.1", port=int(sys.argv[2]))
