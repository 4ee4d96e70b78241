"""A notebook that stays open: for each line on standard input it makes a new FeatureStore and reads features with it.

Answers each line with one line of JSON: what check.py found, or the error.
"""

import json
import sys

from feast import FeatureStore

import check

# Feast shows its progress on standard output; that is for the answers.
answers, sys.stdout = sys.stdout, sys.stderr
for _ in sys.stdin:
    try:
        answer = check.check(FeatureStore())
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), file=answers, flush=True)
