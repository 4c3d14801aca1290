"""What server and lock must agree on, to the byte: topics, envelopes, keys, signatures, codes. docs/protocol.md says it
in words. It knows no database, no broker and no settings; every function is pure.
"""
