"""Silver and gold as partitioned Parquet, for BigQuery and everyone else."""
