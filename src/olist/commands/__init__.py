"""Groups of sub-commands of `olist`, one module each: what belongs to one audience lies together."""
