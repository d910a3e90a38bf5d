"""What outlives a run: ids and why they change, stewards' decisions, the review queue, golden records."""
