"""What an audience file may say, and how it becomes one SQL statement over the published tables."""
