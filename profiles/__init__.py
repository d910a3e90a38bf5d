"""What is known of a person that SQL alone cannot say: value models, stage thresholds, tag rules."""
