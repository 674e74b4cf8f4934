"""The compute report: what was computed for a model, what laws count of it, and the evidence that both rest on.

A report is a plain object (`making`), of which every number can be worked out again from what it holds (`verifying`);
a public version of it holds hashes in place of confidential values (`redaction`). How it is written is `formats`.
"""
