"""Logs in to PostgreSQL as the JSON on standard input says, in libpq's words, and prints as JSON what came of it."""

import json
import sys

import psycopg

try:
    with psycopg.connect(**json.load(sys.stdin), connect_timeout=10) as connection:
        answer = {"user": connection.execute("SELECT session_user").fetchone()[0]}
except psycopg.Error as error:
    answer = {"error": str(error)}
print(json.dumps(answer))
