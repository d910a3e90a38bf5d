"""When and how it runs: definitions, job, schedule, sensor, resources, and the `guiyi` command."""
