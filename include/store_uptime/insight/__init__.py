"""What is unusual about stores, and what is likely: from their days and the hours of these days."""
