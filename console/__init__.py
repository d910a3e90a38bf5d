"""The marketers' web app over the published snapshot.

It imports `common`, `segments`, `warehouse`, and `identity` to explain.

`app.create_app(home, …)` makes it, `serving.serve` runs it. Pages are routers in `pages/`, their queries plain
functions in `data/`; a page shows, it does not compute.
"""
