"""The picture and who looks at it: sources, lanes, the session, its timings and recordings. Knows no intake."""
