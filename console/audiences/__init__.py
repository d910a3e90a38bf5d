"""What the audience pages know: the words of the warehouse, rules told in words, and the builder's form.

No HTML and no requests here: a form comes in as its fields, a rule as plain values.
"""
