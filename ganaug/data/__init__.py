"""Tables: what they are, how they are read and written, and how they become numbers."""
