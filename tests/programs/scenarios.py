"""Traffic that tests of several things send."""

# Kinds, senders, domains and numbers of recipients differ; the same with each run.
MIXED = """
seed = 7
[senders]
addresses = "u{1-5000}@a.test"
null = "10%"
[recipients]
domains = { "big.test" = 3, "small{1-9}.test" = 1 }
local = "r{1-1000}"
count = { "1" = 8, "2-5" = 2 }
[[message]]
name = "words"
weight = 2
size = "lognormal 2K 1.0"
[[message]]
name = "page"
size = "4K-8K"
body = "html"
[[message]]
name = "file"
size = { "6K" = 1, "20K" = 1 }
body = "attachment"
headers = ["X-Kind: file"]
"""
