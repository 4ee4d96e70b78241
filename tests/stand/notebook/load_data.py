"""Fills the offline store with known rows, by the connection that feature_store.yaml describes."""

import os
import pathlib
from datetime import datetime, timedelta, timezone

from feast.infra.utils.postgres.connection_utils import _get_conn
from feast.repo_config import load_repo_config

DRIVERS = range(1001, 1006)
HOURS = 48
LATEST = datetime(2026, 1, 15, 12, tzinfo=timezone.utc)


def values(driver, hours):
    """The features of a driver so many hours before LATEST. Fractions of 64 survive any float."""
    n = driver - 1000
    return {"conv_rate": (n + hours) / 64, "acc_rate": (60 - n - hours) / 64, "avg_daily_trips": 1000 * n + hours}


def load():
    path = pathlib.Path(os.environ["FEAST_FS_YAML_FILE_PATH"])
    offline = load_repo_config(path.parent, path).offline_store
    rows = []
    for driver in DRIVERS:
        for hours in range(HOURS):
            time = LATEST - timedelta(hours=hours)
            rows.append((driver, time, time, *values(driver, hours).values()))
    with _get_conn(offline) as connection, connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS driver_hourly_stats")
        cursor.execute(
            "CREATE TABLE driver_hourly_stats (driver_id bigint, event_timestamp timestamptz, created timestamptz,"
            " conv_rate real, acc_rate real, avg_daily_trips bigint)"
        )
        cursor.executemany("INSERT INTO driver_hourly_stats VALUES (%s, %s, %s, %s, %s, %s)", rows)
    return len(rows)


if __name__ == "__main__":
    print(f"loaded {load()} rows")
