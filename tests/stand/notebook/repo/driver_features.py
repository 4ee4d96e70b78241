"""Features of drivers, whose hourly values lie in the table `driver_hourly_stats` of the offline store."""

from datetime import timedelta

from feast import Entity, FeatureService, FeatureView, Field, ValueType
from feast.infra.offline_stores.contrib.postgres_offline_store.postgres_source import PostgreSQLSource
from feast.types import Float32, Int64

driver = Entity(name="driver", join_keys=["driver_id"], value_type=ValueType.INT64, description="One driver of the fleet")

driver_hourly_stats = FeatureView(
    name="driver_hourly_stats",
    entities=[driver],
    ttl=timedelta(days=3650),
    schema=[
        Field(name="conv_rate", dtype=Float32, description="Share of offers that became trips"),
        Field(name="acc_rate", dtype=Float32, description="Share of offers that were accepted"),
        Field(name="avg_daily_trips", dtype=Int64, description="Trips per day"),
    ],
    source=PostgreSQLSource(
        name="driver_hourly_stats_table",
        query="SELECT * FROM driver_hourly_stats",
        timestamp_field="event_timestamp",
        created_timestamp_column="created",
    ),
    online=True,
)

driver_activity = FeatureService(
    name="driver_activity", features=[driver_hourly_stats], description="What the trip model reads"
)
