"""Reads features back, as they were and as they are, and compares them with the rows that load_data.py wrote.

Prints what it read as JSON. Exits with 1 if a value is not the right one.
"""

import json
import sys
from datetime import timedelta
from importlib.metadata import version

import pandas as pd
from feast import FeatureStore

from load_data import DRIVERS, LATEST, values

VIEW = "driver_hourly_stats"
NAMES = ["conv_rate", "acc_rate", "avg_daily_trips"]
FEATURES = [f"{VIEW}:{name}" for name in NAMES]
# Half an hour after a row, so that the answer has to be looked for.
ASKED = [(1001, 0), (1002, 7), (1005, 30)]


def check(store):
    entities = pd.DataFrame(
        {
            "driver_id": [driver for driver, _ in ASKED],
            "event_timestamp": [LATEST - timedelta(hours=hours - 0.5) for _, hours in ASKED],
        }
    )
    table = store.get_historical_features(entity_df=entities, features=FEATURES).to_df().set_index("driver_id")
    offline = {driver: {name: table.loc[driver, name].item() for name in NAMES} for driver, _ in ASKED}
    answer = store.get_online_features(
        features=FEATURES, entity_rows=[{"driver_id": driver} for driver in DRIVERS]
    ).to_dict()
    online = {driver: {name: answer[name][row] for name in NAMES} for row, driver in enumerate(answer["driver_id"])}
    return {
        "feast": version("feast"),
        "project": store.project,
        "offline": offline,
        "online": online,
        "offline_right": offline == {driver: values(driver, hours) for driver, hours in ASKED},
        "online_right": online == {driver: values(driver, 0) for driver in DRIVERS},
    }


def main(store):
    result = check(store)
    print(json.dumps(result))
    sys.exit(not (result["offline_right"] and result["online_right"]))


if __name__ == "__main__":
    main(FeatureStore())
