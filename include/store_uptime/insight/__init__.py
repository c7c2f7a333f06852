"""What is unusual about stores, from their days and the hours of these days."""
