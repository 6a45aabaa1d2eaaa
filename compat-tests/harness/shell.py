"""The stock tools with the address of one broker filled in, as a person would type them."""

from .host import JavaHost, ToolRun

CHANGERS = {"TopicCommand", "kafka.admin.ConfigCommand"}
CHANGES = {"--create", "--alter", "--delete"}


class Shell:
    """`tools` against `broker`. Every method runs one tool and returns its ToolRun; arguments are the tool's own."""

    def __init__(self, tools: JavaHost, broker):
        self.tools, self.broker = tools, broker

    def run(self, main: str, *args: object, stdin: str | bytes = b"") -> ToolRun:
        """Any tool that takes --bootstrap-server."""
        run = self.tools.run(main, "--bootstrap-server", self.broker.bootstrap, *args, stdin=stdin)
        if self.broker.answers_early and main in CHANGERS and CHANGES.intersection(args):
            self.settle()
        return run

    def settle(self) -> None:
        """Returns once every change that the broker has answered is visible."""
        self.tools.run("compat.ClientCases", self.broker.bootstrap, "settle", "-", "true").ok()

    def start(self, main: str, *args: object) -> ToolRun:
        """The same without waiting for its end."""
        return self.tools.start(main, "--bootstrap-server", self.broker.bootstrap, *args)

    def topics(self, *args: object) -> ToolRun:
        return self.run("TopicCommand", *args)

    def create(self, topic: str, partitions: int = 1, **configs: object) -> str:
        """Creates a topic (dots of config names as underscores) and returns its name.

        Kafka may answer before the new leaders serve, and a burst of idempotent batches that meets that moment can end in
        sequences out of order for good. So Kafka is asked for offsets, which waits for the leaders. klamm must not need it.
        """
        settings = [word for key, value in configs.items() for word in ("--config", f"{key.replace('_', '.')}={value}")]
        self.topics("--create", "--topic", topic, "--partitions", partitions, "--replication-factor", 1, *settings).ok()
        if self.broker.answers_early:
            self.offsets("--topic", topic)
        return topic

    def produce(self, topic: str, lines: list[str], *args: object) -> ToolRun:
        """The console producer, fed with `lines`."""
        return self.run("ConsoleProducer", "--topic", topic, *args, stdin="".join(line + "\n" for line in lines))

    def consume(self, topic: str | None, count: int, *args: object) -> ToolRun:
        """The console consumer until it has `count` records. The time limit only ends a hopeless wait."""
        where = ["--topic", topic] if topic else []
        return self.run("consumer.ConsoleConsumer", *where, "--max-messages", count, "--timeout-ms", 60000,
                        "--command-property", "group.protocol=classic", *args)

    def groups(self, *args: object) -> ToolRun:
        return self.run("consumer.group.ConsumerGroupCommand", "--timeout", 30000, *args)

    def configs(self, *args: object) -> ToolRun:
        return self.run("kafka.admin.ConfigCommand", *args)

    def offsets(self, *args: object) -> list[str]:
        """GetOffsetShell's lines, sorted."""
        return sorted(self.run("GetOffsetShell", *args).ok().lines)
