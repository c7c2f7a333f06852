"""What is unusual about stores, and what is likely: anomalies and a forecast, from days and their hours."""
