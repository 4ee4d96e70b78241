"""Loads each feature_store.yaml as Feast does, straight and after a journey through the resource dispatcher."""

import json
import pathlib
import sys
import tempfile

import jinja2
import yaml
from feast.repo_config import load_repo_config
from sqlalchemy.engine import create_engine, make_url


def dispatched(text):
    """The text in a user's Secret: the dispatcher dumps manifests, renders them as a template, and loads them again."""
    manifest = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "feature-store-yaml"},
        "stringData": {"feature_store.yaml": text},
    }
    rendered = jinja2.Template(yaml.dump(manifest)).render(NAMESPACE="alice", namespace="alice")
    return yaml.safe_load(rendered)["stringData"]["feature_store.yaml"]


def loaded(text):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "feature_store.yaml"
        path.write_bytes(text.encode("ascii"))
        config = load_repo_config(pathlib.Path(folder), path)
    url = make_url(config.registry.path)
    arguments = create_engine(url).dialect.create_connect_args(url)[1]
    found = [[url.username, url.password, arguments["dbname"]]]
    for store in (config.offline_store, config.online_store):
        found.append([store.user, store.password, store.database])
    return found


files = json.load(sys.stdin)
print(json.dumps([{"straight": loaded(file), "dispatched": loaded(dispatched(file))} for file in files]))
