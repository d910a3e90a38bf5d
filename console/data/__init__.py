"""What pages show, asked of the published run: plain functions, one module a page. No HTML here."""
