"""The analyst's layer beside the stock client of either major: layer.py TASK.json RESULT.json.

TASK has what ``analyst.connect`` and ``analyst.place`` want, and ``place``, ``cases`` and
``refused`` as ``analyst_layer.run`` wants them.
"""

import json
import sys
from pathlib import Path

import analyst_layer

import analyst


def main(task_file, result_file):
    given = json.loads(Path(task_file).read_text())
    client = analyst.connect(given)
    given["place"] |= analyst.place(client, given)
    Path(result_file).write_text(json.dumps(analyst_layer.run(client, given)))


main(*sys.argv[1:])
