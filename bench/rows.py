"""All rows: a title, and a function of the number of rounds that gives the figures and the checks."""

from contestants import DATA, MAIL, RCPT, content, together
from http_rows import http_row
from pair_rows import (
    cipher_row, handshake_row, jitter_row, measurement_row, pair_row, recipients_row,
    replacement_row, unwanted_row, window_row)
from proof_rows import proof_row, reconcile_row
from rule_rows import rules_row
from session_rows import crowd_row, opening_row, scaling_row, tls_memory_row
from store_rows import store_row
from traffic_rows import log_row, traffic_row, traffic_window_row

ROWS = {
    "kept": ("pair, -d -s 50 -l 1024", pair_row(100_000, 1024, 0.95)),
    "replaced": ("one side replaced, -d -s 50 -l 1024", replacement_row(60_000, 1024)),
    "reconnect": ("pair, a connection a message, -s 50",
                  pair_row(20_000, 1024, 0.95, reconnect=True)),
    "megabyte": ("pair, 1 MB messages by DATA, -d -s 50",
                 pair_row(5_000, 1_000_000, 0.85, postfix_messages=500)),
    "unwanted": ("1 MB messages by BDAT into a sink that keeps nothing, -d -s 50",
                 unwanted_row(5_000, 1_000_000, 1.15)),
    "scaling": ("kept sessions, so many of them, -d -l 1024",
                scaling_row((10, 50, 200, 1_000, 5_000, 19_000), 100_000, 0.95,
                            postfix_up_to=1_000, postfix_messages=20_000)),
    "opening": ("19,000 sessions from one address", opening_row(19_000, 2.0)),
    "crowd": ("10,000 sessions, idle and then all sending", crowd_row(10_000)),
    "epoll": ("pair, --io epoll, -d -s 50 -l 1024", pair_row(100_000, 1024, engine="epoll")),
    "pipelining": ("pair, ours with --pipelining, -d -s 50 -l 1024",
                   pair_row(100_000, 1024, speedup=4.0, extensions=["--pipelining"],
                            exchanges=[together(MAIL, RCPT, DATA), content(1024)])),
    "recipients": ("pair, ours with --pipelining, 50 recipients a message",
                   recipients_row(10_000, 50, 12.0)),
    "window": ("pair, ours with --chunking --pipeline-window 10; floor: 10 a round trip",
               window_row(1_000_000, 1024, 0.80, 0.75)),
    "handshakes": ("TLS 1.3, a full handshake and a connection a message",
                   handshake_row(5_000, 0.85)),
    "cipher": ("TLS 1.3, 1 MB messages, -d -s 10", cipher_row(3_000, 0.45)),
    "measurement": ("everything measured and reported, against nothing, -d -s 50 -l 1024",
                    measurement_row(200_000)),
    "rules": ("a sink with rules, against one without, -d -s 50 -l 1024",
              rules_row(100_000, 1024, 0.95, 0.90)),
    "stores": ("a sink that keeps what it takes in memory, against one that does not, -d -s 50 -l 1024",
               store_row(50_000, 1024, {"-D": 0.70, "mbox": 0.70, "jsonl": 0.70, "maildir": 0.40})),
    "http": ("a sink with HTTP whose events one client watches, against one without, -d -s 50 -l 1024",
             http_row(200_000, 1024, 0.97)),
    "traffic": ("messages that differ, against one body, -d -s 50", traffic_row(100_000)),
    "log": ("a line a message, -d -s 50 -l 1024", log_row(200_000, 1024)),
    "traffic-window": ("a corpus with --chunking --pipeline-window 10, against one body",
                       traffic_window_row(1_000_000, 1024)),
    "proof": ("stamps, verifying and journals, -d -s 50 -l 1024", proof_row(100_000, 1024, 0.90)),
    "proof-megabyte": ("the same, 1 MB messages", proof_row(5_000, 1_000_000, 0.85)),
    "reconcile": ("journals of 10,000,000 messages reconciled, 64 at a time out of order",
                  reconcile_row(10_000_000)),
    "jitter": ("open loop, 5,000/s", jitter_row(5_000, 10)),
    "tls-memory": ("1,000 TLS sessions, all open and then all sending", tls_memory_row(1_000)),
}
