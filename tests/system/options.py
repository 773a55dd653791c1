# SPDX-License-Identifier: Apache-2.0
"""The options of the suite, in a plugin of their own: pytest reads a conftest too late for those that stand first."""
import os

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def pytest_addoption(parser):
    build = os.environ.get("DBG_BUILD", os.path.join(REPOSITORY, "build"))
    parser.addoption("--binary", default=os.environ.get("DBG_BINARY", f"{build}/dbgattach"), help="the program to test")
    parser.addoption("--test-binary", default=os.environ.get("DBG_TEST_BINARY", f"{build}/test/dbgattach"),
                     help="its test build, with barriers and protections that can be left out")
    parser.addoption("--helpers", default=f"{build}/helpers", help="where the helper programs are, or are built")
    parser.addoption("--lacking", default="", metavar="CALL,...", help="as on a kernel without these system calls (by helpers/nosys)")
    parser.addoption("--no-weak", action="store_true", help="leave the runs on the weakened program out")
