"""Makes the role and the database of each login, and connects with its feature_store.yaml as each store of Feast does."""

import json
import pathlib
import sys
import tempfile

import psycopg
from feast.infra.utils.postgres.connection_utils import _get_conn
from feast.repo_config import load_repo_config
from psycopg import sql
from sqlalchemy import create_engine, text

WHO = "select current_user, current_database()"


def connected(file):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "feature_store.yaml"
        path.write_bytes(file.encode("ascii"))
        config = load_repo_config(pathlib.Path(folder), path)
    engine = create_engine(config.registry.path, **config.registry.sqlalchemy_config_kwargs)
    with engine.connect() as connection:
        found = [list(connection.execute(text(WHO)).one())]
    engine.dispose()
    with _get_conn(config.offline_store) as connection:
        found.append(list(connection.execute(WHO).fetchone()))
    return found


question = json.load(sys.stdin)
answers = []
databases = set()
with psycopg.connect(question["admin"], autocommit=True) as admin:
    for user, password, database, file in question["logins"]:
        try:
            role = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
            admin.execute(role.format(sql.Identifier(user), sql.Literal(password)))
            if database not in databases:
                admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
                databases.add(database)
        except psycopg.Error as error:
            answers.append(f"the server refuses: {error}")
            continue
        try:
            answers.append(connected(file))
        except Exception as error:
            answers.append(repr(error))
print(json.dumps(answers))
