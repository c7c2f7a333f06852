"""How long every store was up and down in its business hours: the business, free of Airflow."""
