"""From files to rows that reports may use: reading, typing, sorting, copying, accepting."""
