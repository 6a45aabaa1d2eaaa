"""What two tools say on standard error, in a form that can be compared.

Of the stock tools' words these fall away: stack traces (ours prints their first line alone), lines of a log (another pattern
in the host of the stock tools than in Kafka's own scripts), and the exception that an exit within a tool is in that host. Of
a table of options the column of the options counts; the descriptions are our own.
"""

import re

from harness.compare import assert_equal

NOISE = re.compile(
    r"\s+at |\s*\.\.\. \d+ more|\s*Caused by: |\s*Suppressed: "  # what follows the first line of a stack trace
    r"|\[[^\]]*\] (WARN|ERROR|INFO) |\S+ \S+ (WARN|ERROR) "      # lines of a log
    r"|Error occurred:\s*(null)?$|(compat|java\.lang)\.\S*Exit\S*|null$|exit \d"              # an exit in the host
    r"|org\.apache\.kafka\.common\.errors\.\w+: .*$"               # the second line of a log's exception
)


def words(text: str) -> list[str]:
    """The lines that count."""
    lines, table, exits = [], None, []
    for line in text.splitlines():
        if re.match(r"Option( \(\* = required\))? +Description", line):
            table = line.index("Description")
            exits = list(lines)
        elif table is not None and (len(line) > table - 2 and line[table - 2:table] == "  " and line[0] in "- *"):
            column = line[:table].strip()
            if column and not column.startswith("---------") and column != "------":
                lines.append(column)
            continue
        else:
            table = None
        # In the host an exit behind a table of options is told with the tool's message once more.
        if line.strip() and not NOISE.match(line) and line.rstrip() not in exits:
            lines.append("Option" if table is not None else line.rstrip())
    return lines


def alike(twins, tool, *args, stdin=b"", rules=(), order=True, how=None):
    """Runs both tools (`how`: as in `Twins.same`); stdout, exit code and the words on stderr must be equal. Returns (stock, ours)."""
    stock, ours = twins.same(tool, *args, stdin=stdin, rules=rules, order=order, how=how)
    of = lambda side, run: words(twins.masked(side, run.err, rules))
    assert_equal(of("ours", ours), of("stock", stock), f"stderr of {tool} {' '.join(map(str, args))}")
    return stock, ours


def equal(twins, tool, *args):
    """Runs both tools about the same things; stdout must be equal, names and all, once it stands still. Returns ours."""
    stock, ours = (run.ok() for run in twins.steady(tool, *args))
    assert_equal(ours.out, stock.out, f"stdout of {tool} {' '.join(map(str, args))}")
    return ours
