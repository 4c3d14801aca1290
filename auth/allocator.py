"""How auth's processes ask for memory: an argon2 hash takes 19 MiB and gives it back, dozens of times a second.

By default glibc maps each such block anew: thousands of page faults, and at the end an unmapping that interrupts every
other thread of the process. Under these limits a freed block stays for the next hash. See mallopt(3).
"""

ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": "33554432", "MALLOC_TRIM_THRESHOLD_": "67108864"}
