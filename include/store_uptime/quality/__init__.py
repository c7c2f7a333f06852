"""What is expected of the input, and what Great Expectations found."""
