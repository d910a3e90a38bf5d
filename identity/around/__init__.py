"""Who stands beside whom, and whose a device is: relations and histories that never merge anybody."""
