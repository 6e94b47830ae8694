"""What is on stage: the lanes, their answers, the pictures."""
