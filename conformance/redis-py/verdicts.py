"""A pytest plugin that appends a line of verdict, test and reason per test to the file VERDICTS."""

import os

FILE = os.environ["VERDICTS"]


def pytest_runtest_logreport(report):
    if report.when == "call" or report.outcome != "passed":
        verdict = {"passed": "pass", "failed": "fail", "skipped": "skip"}[report.outcome]
        crash = getattr(report.longrepr, "reprcrash", None)
        reason = " ".join((crash.message if crash else "").split())
        with open(FILE, "a") as file:
            file.write(f"{verdict}\t{report.nodeid}\t{reason}\n")
