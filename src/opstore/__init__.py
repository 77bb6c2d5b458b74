"""The operational record that the pipeline writes and the agent reads. Knows nothing of either."""
