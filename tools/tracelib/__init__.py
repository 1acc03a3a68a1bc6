# SPDX-License-Identifier: MIT
"""What tools/mmtrace is made of: a reader of dumps, and a writer for each format."""
