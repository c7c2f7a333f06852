"""How long each store was up and down in its business hours. Nothing here imports Airflow."""
