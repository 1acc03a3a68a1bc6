# SPDX-License-Identifier: MIT
"""The parts of tools/test: ktap (read), jobs (run), plan (what), report (say)."""
