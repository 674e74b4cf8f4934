"""The ledger: accounting of real runs, from the logs that an organization already has.

importers/   a file of some kind → rows (one file each)
rows         what a row holds, and the table that it goes to
storage      the folder: append-only Parquet, and a manifest whose entries are chained by their hashes
importing    a file into the folder, whole or not at all, and never twice
engine       the connection that the expressions run on
expressions  the latest word on each job, and sums of it; in Ibis only
totals       sums → chip-hours and FLOP with their intervals
"""
