"""Everything a person would do in a notebook whose FEAST_FS_YAML_FILE_PATH names a feature_store.yaml.

Prints one line of JSON on standard output; see check.py.
"""

import pathlib
import sys
from datetime import datetime, timezone

from feast import FeatureStore

import check
import load_data

sys.path.insert(0, str(pathlib.Path(__file__).parent / "repo"))
import driver_features as repo  # noqa: E402

load_data.load()
store = FeatureStore()
store.apply([repo.driver, repo.driver_hourly_stats, repo.driver_activity])
# Feast shows its progress on standard output; that is for the result.
out, sys.stdout = sys.stdout, sys.stderr
store.materialize_incremental(end_date=datetime.now(timezone.utc))
sys.stdout = out
# Release 0.49 would answer from what it knew before the features were applied.
store.refresh_registry()
check.main(store)
