# SPDX-License-Identifier: MIT
"""Cases of a test of a tool: functions that say whether it is so."""


def run(suite, cases, skip=""):
    """
    Call them, print KTAP; the status to end with. A case returns true or false,
    or "SKIP" and why. skip: why all are.
    """
    if skip:
        print(f"KTAP version 1\n1..1\nok 1 {suite} # SKIP {skip}")
        return 0
    print(f"KTAP version 1\n1..1\n    KTAP version 1\n    # Subtest: {suite}\n"
          f"    1..{len(cases)}")
    failed = 0
    for number, case in enumerate(cases, 1):
        good = case()
        failed += not good
        note = f" # {good}" if isinstance(good, str) else ""
        print(f"    {'' if good else 'not '}ok {number} {case.__name__}{note}",
              flush=True)
    print(f"{'not ' if failed else ''}ok 1 {suite}")
    return 1 if failed else 0
