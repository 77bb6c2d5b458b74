"""The record in a BigQuery dataset."""
