"""What keeps a daemon trusted for weeks: vitals, alerts, the canary, checks, backups, forgetting."""
