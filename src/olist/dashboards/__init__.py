"""What the business looks at: one specification of metrics and pages (`dashboards/`) that drives Power BI and the web alike."""
