"""OpenClaw: what goes wrong on a data platform, as one diagnosed alert per cause."""
